import type { RecordedSh } from '../jenkins/recordedCommands';

/**
 * Makes a pipeline of the commands that a run's log recorded, for a run whose Jenkinsfile cannot be
 * had: each `sh` becomes what its trace shows. What Declarative ran as `post` was run whatever had
 * failed before.
 */
export function pipelineOf(scripts: readonly RecordedSh[]): string {
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
