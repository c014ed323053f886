import { code, codeBlock, link, words } from '../base/markdown';
import type { CredentialKind } from '../base/secretChannel';
import { placeText, type Variable } from '../pipeline/effects';
import type { Change } from './changes';
import type { Condition } from './conditions';
import type { Plan, PlanItem, PlannedCredential } from './plan';
import { isWithin } from './postScopes';
import { samePath } from './selection';
import type { Recipe, RecipeLibrary } from './recipe';
import type { Consequence } from './refusal';

/** The plan as a page in Markdown for people. */
export function planDocument(recipe: Recipe, plan: Plan): string {
  const { run } = recipe;
  const lines = [
    run ? `# Plan: ${code(run.job)} #${run.number}` : `# Plan: ${code(recipe.jenkinsfile.path)}`,
    '',
    ...(run ? [`- Run: ${link(run.url)}, ${words(run.result ?? 'still building')}`] : []),
    `- Commit: ${code(recipe.commit)}${recipe.withChanges ? ', with your uncommitted changes' : ''}`,
    `- Repository: ${code(recipe.repository.directory)}`,
    `- Jenkinsfile: ${code(recipe.jenkinsfile.path)} (${jenkinsfileSources[recipe.jenkinsfile.source]})`,
    `- Machine: this one${agentText(recipe, plan)}`,
    `- Selected: ${selectionText(recipe)}`,
    ...(run?.failure?.stage
      ? [`- Expected: ${code(run.failure.stage.join(' / '))} fails${expectedTests(recipe)}`]
      : []),
    ...refusal(plan),
    '',
    '## What would be run',
    '',
    ...whatRuns(plan),
    ...(plan.error === undefined ? [] : ['', `It would end with an error: ${code(plan.error)}`]),
    '',
    '## What cannot be repeated',
    '',
    ...notRepeated(plan),
    '',
    ...section('What is not known before it is run', notKnown(plan)).slice(1),
    '',
    '## Environment of every step',
    '',
    'Beside these, each step has what this machine has.',
    '',
    '| Variable | Value | From |',
    '|---|---|---|',
    ...plan.environment.map(variableRow),
    ...recipe.parameters
      .filter(({ value }) => value === undefined)
      .map(
        ({ name, kind }) => `| ${code(name)} | not told by Jenkins (${code(kind)}) | parameter |`,
      ),
    ...section('Shared libraries', (recipe.libraries ?? []).map(libraryLine)),
    ...section('Credentials that will be asked for', plan.credentials.map(credentialLine)),
    ...section('What the pipeline says of itself', settingLines(plan)),
    ...section('What is wrong with the Jenkinsfile', plan.problems.map(problemLine)),
  ];
  return lines.join('\n').replace(/\n{3,}/g, '\n\n') + '\n';
}

function problemLine(problem: Plan['problems'][number]): string {
  const { consequence } = problem;
  const then = consequence === undefined ? '' : ` ${consequences[consequence]}`;
  return `- ${upperPlace(problem)}: ${words(problem.message)}${then}`;
}

const consequences: Record<Consequence, string> = {
  refused: '**Jenkins refuses the file for this.**',
  'perhaps refused': '**Jenkins refuses the file for this, if no plugin allows it.**',
  taken: '**Jenkins took the file all the same: our reading of it may be wrong.**',
};

/** What comes before all else: nothing of it is run. */
function refusal({ problems }: Plan): string[] {
  const lines = problems.flatMap(({ consequence, line }) =>
    consequence === 'refused' ? [line] : [],
  );
  if (lines.length === 0) return [];
  const places = [...new Set(lines)].join(', ');
  return [
    '',
    `**Jenkins would refuse this Jenkinsfile (line ${places}), so it is not run here either.** What is wrong with it stands at the end.`,
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
}

const jenkinsfileSources: Record<Recipe['jenkinsfile']['source'], string> = {
  commit: 'as it was at the commit',
  replay: 'as the run used it: it was replayed with changes',
  'working tree': 'as it is in your working tree',
  'recorded commands': 'none could be had: these are the commands that the log recorded',
};

function selectionText({ select, run, branches }: Recipe): string {
  const which =
    branches === undefined
      ? ''
      : branches.kind === 'failed'
        ? ', of parallel branches only the one that failed'
        : `, of parallel branches only ${branches.names.map(code).join(', ')}`;
  switch (select.kind) {
    case 'failure':
      return `everything that #${run?.number ?? ''} ran, up to and including the failing stage${which}`;
    case 'stage':
      return `stage ${code(select.name)}${which}`;
    case 'all':
      return `all stages${which}`;
  }
}

function agentText({ run }: Recipe, { agents }: Plan): string {
  const wanted = agents.length > 0 ? ` asked for ${agents.map(code).join(', ')}` : '';
  const node = run?.node === undefined ? '' : ` ran on ${code(run.node)}`;
  return wanted + node === ''
    ? ''
    : `; the run${[wanted, node].filter((part) => part !== '').join(' and')}`;
}

function expectedTests({ run }: Recipe): string {
  const tests = run?.failure?.tests ?? [];
  return tests.length === 0 ? '' : `, test ${tests.map((test) => code(test.name)).join(', ')}`;
}

/** One heading for each stage, and one more where the pipeline comes back to a place. */
function whatRuns({ items, branches }: Plan): string[] {
  const lines: string[] = [];
  let place: readonly string[] = [];
  let inPost = false;
  let shown: readonly Change[] | undefined;
  // Where the stages end that have been told together.
  let told = 0;
  for (const [at, item] of items.entries()) {
    if (item.kind === 'stage') {
      if (at < told) continue;
      const skipped = skippedAlike(items, at);
      const outer = outermost(skipped);
      told = at + skipped.length;
      if (outer.length > 1) {
        const names = outer.map(({ stage }) => nameOf(stage)).join(', ');
        lines.push(
          '',
          `### Skipped: ${outer.length} stages`,
          '',
          `${words(item.why)}: ${names}`,
          '',
        );
        inPost = false;
        shown = undefined;
        continue;
      }
      lines.push('', `### ${heading(item)}`, '', `${words(item.why)} (${placeOf(item)})`, '');
      lines.push(...conditionLines(item.conditions));
      if (item.runs) place = item.stage;
      inPost = false;
      shown = undefined;
      continue;
    }
    const post = item.kind !== 'agent' && item.post;
    if (!samePath(place, item.stage) || post !== inPost) {
      const where = item.stage.length === 0 ? 'the pipeline' : code(item.stage.join(' / '));
      const isBranch = branches.includes(item.stage.at(-1) ?? '');
      lines.push(
        '',
        post ? `### Post of ${where}` : isBranch ? `### Branch ${where}` : `### In ${where}`,
        '',
      );
      place = item.stage;
      inPost = post;
      shown = undefined;
    }
    lines.push(...itemLines(item, shown));
    if (item.kind === 'sh') shown = item.changes;
  }
  return lines;
}

type StageItem = Extract<PlanItem, { kind: 'stage' }>;

/** The stages from here on that are skipped for one reason, with what is in them. */
function skippedAlike(items: readonly PlanItem[], at: number): readonly StageItem[] {
  const group: StageItem[] = [];
  for (const item of items.slice(at)) {
    if (item.kind !== 'stage' || item.runs || item.what !== 'stage') break;
    const [first] = group;
    const isInside = group.some(({ stage }) => isWithin(item.stage, stage));
    if (first && !isInside && item.why !== first.why) break;
    if (item.conditions.length > 0) break;
    group.push(item);
  }
  return group;
}

/** Of stages in stages the outer ones. */
function outermost(stages: readonly StageItem[]): readonly StageItem[] {
  return stages.filter(
    ({ stage }) =>
      !stages.some((other) => other.stage.length < stage.length && isWithin(stage, other.stage)),
  );
}

function nameOf(stage: readonly string[]): string {
  return code(stage.join(' / ').replaceAll('Matrix - ', ''));
}

function heading(item: StageItem): string {
  const what = { stage: 'Stage', branch: 'Branch', cell: 'Cell' }[item.what];
  const name = nameOf(item.stage);
  return item.runs ? `${what} ${name}` : `Skipped: ${what.toLowerCase()} ${name}`;
}

function itemLines(
  item: Exclude<PlanItem, { kind: 'stage' }>,
  shown: readonly Change[] | undefined,
): string[] {
  const only = item.conditions
    .map(({ line, way }) => `, if line ${line} ${way ? 'holds' : 'does not hold'}`)
    .join('');
  const where = `${placeOf(item)}${only}`;
  switch (item.kind) {
    case 'agent': {
      const place =
        item.container === undefined
          ? `This machine${item.asked === '' ? '' : `, where CI had ${code(item.asked)}`}`
          : `A container of ${code(item.container)}${item.options === '' ? '' : ` with ${code(item.options)}`}`;
      const note = item.note === undefined ? '' : ` — **not as in CI**: ${words(item.note)}`;
      return [`- ${place}, workspace ${code(item.workspace)} (${where})${note}`];
    }
    case 'sh':
      return [
        `- \`sh\` (${where}${item.directory === '.' ? '' : `, in ${code(item.directory)}`})`,
        '',
        ...codeBlock(item.script, 'sh').map((line) => `  ${line}`),
        '',
        ...environmentLines(item.changes, shown),
      ];
    case 'step':
      return [
        `- ${code(item.text)} (${where})${item.note === undefined ? '' : ` — ${words(item.note)}`}`,
      ];
    case 'left out':
    case 'cannot be repeated':
      return [`- ${code(item.name)} (${where}) — **${item.kind}**: ${words(item.reason)}`];
  }
}

/** What is as at the step before is not told again. */
function environmentLines(
  changes: readonly Change[],
  shown: readonly Change[] | undefined,
): string[] {
  const texts = changes.map(variableText);
  const before = new Set(shown?.map(variableText));
  const fresh = texts.filter((text) => !before.has(text));
  const gone = [...before].some((text) => !texts.includes(text));
  if (shown === undefined || gone) return texts.map((text) => `  - ${text}`);
  if (texts.length === 0) return [];
  const rest = texts.length > fresh.length ? ['  - the environment of the step before'] : [];
  return [...rest, ...fresh.map((text) => `  - ${text}`)];
}

function conditionLines(conditions: readonly Condition[]): string[] {
  return conditions.map(
    ({ line, origin, way }) =>
      `Only if the condition at line ${line} ${way ? 'holds' : 'does not hold'}: it depends on ${words(origin)}.`,
  );
}

function notRepeated(plan: Plan): string[] {
  const lines = plan.items.flatMap((item): string[] => {
    switch (item.kind) {
      case 'left out':
        return [
          `- ${upperPlace(item)}: ${code(item.name)} is left out on purpose: ${words(item.reason)}`,
        ];
      case 'cannot be repeated':
        return [`- ${upperPlace(item)}: ${code(item.name)} is not repeated: ${words(item.reason)}`];
      case 'agent':
        return item.note === undefined
          ? []
          : [`- ${upperPlace(item)}: ${code(item.container ?? item.asked)}: ${words(item.note)}`];
      case 'step':
        return item.note?.startsWith('not pinned') === true
          ? [`- ${upperPlace(item)}: ${code(item.text)} is ${words(item.note)}`]
          : [];
      case 'sh':
      case 'stage':
        return [];
    }
  });
  const all = [...new Set(lines)];
  return all.length > 0 ? all : ['Nothing: every step is one that can be done again.'];
}

/** What only its steps, or the person, can tell. */
function notKnown({ items }: Plan): string[] {
  const lines = items.flatMap((item) => [
    ...item.conditions.map(
      ({ line, origin }) =>
        `- Line ${line}: which way it goes depends on ${words(origin)}; both are shown`,
    ),
    ...(item.kind === 'sh' ? item.changes : []).flatMap(({ name, value }) =>
      typeof value === 'string' || isCredential(value.origin)
        ? []
        : [`- ${code(name)} depends on ${words(value.origin)} at line ${value.line}`],
    ),
  ]);
  return [...new Set(lines)];
}

/** These are asked for, and so are known when it is run. */
function isCredential(origin: string): boolean {
  return /^(the credential |credentials\()/.test(origin);
}

function placeOf({ line, source }: { line: number; source: string | undefined }): string {
  return words(placeText(line, source));
}

function upperPlace(place: { line: number; source: string | undefined }): string {
  return placeOf(place).replace('line', 'Line');
}

function libraryLine(library: RecipeLibrary): string {
  const { name, version, implicit } = library;
  const at = version === undefined ? '' : `, version ${code(version)}`;
  const why = implicit ? ', loaded by the server itself' : '';
  if ('missing' in library)
    return `- ${code(name)}${at}${why}: **not to be had**: ${words(library.missing)} Its steps are unknown: map it with \`ciParity.libraries\`, or \`--library\`.`;
  const note = library.note === undefined ? '' : ` — **may differ**: ${words(library.note)}`;
  return `- ${code(name)}${at}${why}: commit ${code(library.revision)}, from ${code(library.source)}${note}`;
}

const kinds: Record<CredentialKind, string> = {
  text: 'secret text',
  login: 'user name and password',
  file: 'secret file',
  ssh: 'SSH key',
  certificate: 'certificate',
};

function credentialLine({ id, kind, variables, lines }: PlannedCredential): string {
  const what = kind === undefined ? 'of any kind' : kinds[kind];
  const as = variables.length === 0 ? '' : `, as ${variables.map(code).join(', ')}`;
  const where = lines.length === 0 ? '' : ` (line ${lines.join(', ')})`;
  return `- ${code(id)}: ${what}${as}${where}`;
}

function settingLines({ settings }: Plan): string[] {
  return (['options', 'parameters', 'triggers'] as const).flatMap((group) =>
    settings[group].map(({ text, line, stage }) => {
      const of = stage === '' ? '' : ` of stage ${code(stage)}`;
      const note = group === 'triggers' ? ': a reproduction is started by you' : '';
      return `- ${group.slice(0, -1)}${of}: ${code(text)} (line ${line})${note}`;
    }),
  );
}

function variableRow(variable: Variable): string {
  return `| ${code(variable.name)} | ${valueOf(variable)} | ${words(variable.origin)} |`;
}

function variableText(variable: Change): string {
  const where = variable.line === undefined ? '' : `, line ${variable.line}`;
  const losers = variable.overrides.map(
    (loser) =>
      `${words(loser.origin)}${loser.line === undefined ? '' : ` at line ${loser.line}`}: ${valueOf(loser)}`,
  );
  const over = losers.length === 0 ? '' : `, overrides ${losers.join(', ')}`;
  return `${code(variable.name)} = ${valueOf(variable)} (${words(variable.origin)}${where}${over})`;
}

function valueOf({ value }: Variable): string {
  return typeof value === 'string' ? code(value) : `*${words(value.origin)}*`;
}
