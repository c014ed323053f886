import { createConsoleScanner } from '../../jenkins/consoleLog';
import type { JournalEvent } from '../../reproduce/journal';
import type { LogText } from './logText';
import type { Window } from './window';

/** A stage or a step, as a part of a log. */
export interface Section {
  readonly kind: 'stage' | 'step';
  /** The stage's own name, or the step's: `sh`. */
  readonly name: string;
  /** The first command of a step, where the log shows it. */
  readonly detail: string;
  /** Names of the stages around it, from the outermost; that of a stage is the last. */
  readonly stage: readonly string[];
  /** In bytes of the log, at the beginning of a line. */
  readonly from: number;
  /** Where the next line after it begins; undefined while it goes on. */
  readonly to: number | undefined;
}

/** Steps beyond are left out; so many stages are never read. */
const MOST_STEPS = 20_000;
const BRANCH = '[Pipeline] { (Branch: ';
/** Longer commands are cut in an outline. */
const LONGEST_DETAIL = 200;

interface OpenStage {
  from: number;
  to: number;
  readonly path: readonly string[];
  /** All branches are entered before one of them runs; it begins where it is seen next. */
  isBranch: boolean;
}

interface OpenStep {
  readonly name: string;
  readonly stage: readonly string[];
  readonly from: number;
  /** Where what it writes begins. */
  readonly output: number;
  detail: string;
  to?: number;
}

/** Reads the sections off the markers of a Pipeline's console log. */
export function createSectionReader() {
  const stages = new Map<string, OpenStage>();
  const steps: OpenStep[] = [];
  let block = 0;
  let marker = { at: 0, text: '' };
  let step: OpenStep | undefined;
  let current: readonly string[] = [];

  /** In which stages a marker stands shows whether the one before it began or ended one. */
  function seenIn(path: readonly string[], end: number): void {
    current = path;
    for (let depth = 1; depth <= path.length; depth++) {
      const key = keyOf(path.slice(0, depth));
      const known = stages.get(key);
      if (!known) {
        const isBranch = marker.text.startsWith(BRANCH) && depth === path.length;
        stages.set(key, { from: marker.at, to: end, path: path.slice(0, depth), isBranch });
        continue;
      }
      known.to = end;
      // `stage` alone does not tell in which branch it stands.
      if (!known.isBranch || marker.text === '[Pipeline] stage') continue;
      known.from = marker.at;
      known.isBranch = false;
    }
  }

  const scanner = createConsoleScanner({
    needles: [],
    begin: (_, offset) => {
      block = offset;
    },
    line: (text, { start, end }, stage) => {
      if (!text.startsWith('[Pipeline] ')) {
        if (step?.detail === '' && text.startsWith('+ '))
          step.detail = text.slice(2, LONGEST_DETAIL + 2);
        return;
      }
      const at = block + start;
      const output = block + end + 1;
      seenIn(stage, output);
      if (step) endStep(step, at);
      step = undefined;
      marker = { at, text };
      const name = /^\[Pipeline\] (\w+)$/.exec(text)?.[1];
      if (name === undefined || steps.length >= MOST_STEPS) return;
      step = { name, detail: '', stage, from: at, output };
      steps.push(step);
    },
    end: () => undefined,
  });

  function endStep(ended: OpenStep, at: number): void {
    ended.to = at;
    // Most steps write nothing.
    if (at === ended.output) steps.pop();
  }

  return {
    push: (chunk: Buffer): void => scanner.push(chunk),

    /** In the order in which they begin, the outer ones first. */
    sections(): Section[] {
      const open = new Set(current.map((_, depth) => keyOf(current.slice(0, depth + 1))));
      const all = [
        ...[...stages].map(([key, { path, from, to }]): Section => {
          const end = open.has(key) ? undefined : to;
          return { kind: 'stage', name: path.at(-1) ?? '', detail: '', stage: path, from, to: end };
        }),
        ...steps.map(({ name, detail, stage, from, to }): Section => {
          return { kind: 'step', name, detail, stage, from, to };
        }),
      ];
      return all.sort((a, b) => a.from - b.from || a.stage.length - b.stage.length);
    },
  };
}

/** The sections of a reproduction's output, as its journal tells them. */
export function sectionsOfJournal(events: readonly JournalEvent[]): Section[] {
  const stages = new Map<string, { path: readonly string[]; from: number; to: number }>();
  const steps = new Map<number, { section: Section; ended: boolean }>();
  for (const event of events) {
    if (event.type === 'step') {
      const { stage, script, offset } = event;
      const detail = (script.trim().split('\n', 1)[0] ?? '').slice(0, LONGEST_DETAIL);
      const section: Section = {
        kind: 'step',
        name: 'sh',
        detail,
        stage,
        from: offset,
        to: undefined,
      };
      steps.set(event.step, { section, ended: false });
      for (let depth = 1; depth <= stage.length; depth++) {
        const key = keyOf(stage.slice(0, depth));
        if (!stages.has(key))
          stages.set(key, { path: stage.slice(0, depth), from: offset, to: offset });
      }
    } else if (event.type === 'exit') {
      const begun = steps.get(event.step);
      if (!begun) continue;
      steps.set(event.step, { section: { ...begun.section, to: event.offset }, ended: true });
      for (let depth = 1; depth <= begun.section.stage.length; depth++) {
        const stage = stages.get(keyOf(begun.section.stage.slice(0, depth)));
        if (stage) stage.to = event.offset;
      }
    }
  }
  const all = [
    ...[...stages.values()].map(({ path, from, to }): Section => {
      return { kind: 'stage', name: path.at(-1) ?? '', detail: '', stage: path, from, to };
    }),
    ...[...steps.values()].map(({ section }) => section),
  ];
  return all.sort((a, b) => a.from - b.from || a.stage.length - b.stage.length);
}

/** A section as lines of an editor that shows a window, counted from 0; both belong to it. */
export interface PlacedSection {
  readonly section: Section;
  readonly first: number;
  readonly last: number;
}

/** More of them are of no use in an outline. */
const MOST_PLACED = 5000;

/** The sections of which something is in a window. */
export async function placed(
  sections: readonly Section[],
  log: LogText,
  { from, to }: Window,
): Promise<PlacedSection[]> {
  const inside = sections.filter(
    (section) => section.from < to.offset && (section.to ?? Infinity) > from.offset,
  );
  const found: PlacedSection[] = [];
  for (const section of inside.slice(0, MOST_PLACED)) {
    const first = await log.lineAt(Math.max(section.from, from.offset));
    const last = await log.lineAt(Math.min(section.to ?? Infinity, to.offset) - 1);
    found.push({ section, first: first.line - from.line, last: last.line - from.line });
  }
  return found;
}

/** What can be folded: parts that lie in each other, of two lines or more. */
export function foldable(sections: readonly PlacedSection[]): { first: number; last: number }[] {
  const folds: { first: number; last: number }[] = [];
  const open: { first: number; last: number }[] = [];
  for (const section of sections) {
    let { first } = section;
    const { last } = section;
    for (let top = open.at(-1); top && top.last < last; top = open.at(-1)) {
      // Branches may overlap, folds may not.
      first = Math.max(first, top.last + 1);
      open.pop();
    }
    if (first >= last) continue;
    folds.push({ first, last });
    open.push({ first, last });
  }
  return folds;
}

export interface OutlineSection extends PlacedSection {
  readonly children: OutlineSection[];
}

/** The sections as a tree: branches lie side by side in it, though their lines are mixed in the log. */
export function outlined(sections: readonly PlacedSection[]): OutlineSection[] {
  const roots: OutlineSection[] = [];
  const stages = new Map<string, OutlineSection>();
  for (const each of sections) {
    const { kind, stage } = each.section;
    const node: OutlineSection = { ...each, children: [] };
    let above: OutlineSection | undefined;
    for (let depth = stage.length - (kind === 'stage' ? 1 : 0); depth > 0 && !above; depth--)
      above = stages.get(keyOf(stage.slice(0, depth)));
    (above?.children ?? roots).push(node);
    if (kind === 'stage') stages.set(keyOf(stage), node);
  }
  return roots;
}

function keyOf(path: readonly string[]): string {
  return path.join('\n');
}
