import type { Client } from '../jenkins/client';
import type { Run } from '../jenkins/run';

/** How much of a log is looked through, in bytes. */
const LOG_LIMIT = 64 << 20;

interface RecordedSh {
  readonly stages: readonly string[];
  readonly commands: string[];
}

/**
 * Makes a pipeline of the commands that a run's log recorded, for a run whose Jenkinsfile cannot be
 * had: each `sh` becomes the commands that its trace (`+ …`) shows, with their variables expanded
 * as they were in CI. Resolves with undefined when the log names no command.
 */
export async function recordedCommands(
  client: Client,
  run: Run,
  signal: AbortSignal,
): Promise<string | undefined> {
  const scripts: RecordedSh[] = [];
  const open: (string | undefined)[] = [];
  let current: RecordedSh | undefined;
  for await (const line of linesOf(client, run, signal)) {
    const [, marker] = /^(?:\[[^\]]*Z\] )?\[Pipeline\] (.*)$/.exec(line) ?? [];
    if (marker !== undefined) {
      current = undefined;
      if (marker === '}') open.pop();
      else if (marker.startsWith('{')) open.push(/^\{ \((?:Branch: )?(.*)\)$/.exec(marker)?.[1]);
      else if (marker === 'sh') {
        current = { stages: open.filter((name) => name !== undefined), commands: [] };
        scripts.push(current);
      }
    } else {
      const [, command] = /^(?:\[[^\]]*Z\] )?\+ (.+)$/.exec(line) ?? [];
      if (command !== undefined) current?.commands.push(command);
    }
  }
  const recorded = scripts.filter(({ commands }) => commands.length > 0);
  return recorded.length === 0 ? undefined : pipelineOf(recorded);
}

async function* linesOf(client: Client, run: Run, signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  let read = 0;
  const decoder = new TextDecoder();
  for await (const { bytes } of client.log(run, { signal })) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    // A line without an end is no command of a step.
    rest = lines.pop()?.slice(-65536) ?? '';
    yield* lines;
    read += bytes.length;
    if (read > LOG_LIMIT) return;
  }
  yield rest;
}

/** What Declarative ran as `post` was run whatever had failed before. */
function pipelineOf(scripts: readonly RecordedSh[]): string {
  const isPost = ({ stages }: RecordedSh): boolean => stages.includes('Declarative: Post Actions');
  const text = (some: readonly RecordedSh[]): string => some.map(stageText).join('\n');
  const post = scripts.filter(isPost);
  const main = text(scripts.filter((script) => !isPost(script)));
  return post.length === 0
    ? `node {\n  checkout scm\n${main}\n}\n`
    : `node {\n  checkout scm\n  try {\n${main}\n  } finally {\n${text(post)}\n  }\n}\n`;
}

function stageText({ stages, commands }: RecordedSh): string {
  const sh = `sh ${quoted(commands.join('\n'))}`;
  return stages.reduceRight((inner, name) => `stage(${quoted(name)}) { ${inner} }`, sh);
}

function quoted(text: string): string {
  return `'${text.replace(/[\\'$]/g, '\\$&').replaceAll('\n', '\\n')}'`;
}
