import type { Pipeline, Stage } from '../pipeline/declarative';
import { bodyOf, calledName, lineAt, type Call } from '../pipeline/syntax';

/** What a Declarative pipeline says about itself, as it stands in the text. */
export interface PipelineSettings {
  readonly options: readonly Setting[];
  readonly parameters: readonly Setting[];
  /** When Jenkins starts it; a reproduction is started by hand. */
  readonly triggers: readonly Setting[];
}

export interface Setting {
  readonly text: string;
  readonly line: number;
  /** The stage that it belongs to; empty for the pipeline's own. */
  readonly stage: string;
}

export function settingsOf(pipeline: Pipeline): PipelineSettings {
  const { declarative } = pipeline;
  if (!declarative) return { options: [], parameters: [], triggers: [] };
  const setting =
    (stage: string) =>
    (call: Call): Setting => ({
      text: pipeline.text.slice(call.start, call.end).replace(/\s+/g, ' '),
      line: lineAt(pipeline.lines, call.start),
      stage,
    });
  const ofStages = (stages: readonly Stage[]): Setting[] =>
    stages.flatMap((stage) => {
      const { work } = stage;
      const name = stage.name?.kind === 'literal' ? String(stage.name.value) : '';
      const inner =
        work.kind === 'stages' || work.kind === 'parallel'
          ? work.stages
          : work.kind === 'matrix'
            ? work.matrix.stages
            : [];
      return [...stage.options.map(setting(name)), ...ofStages(inner)];
    });
  return {
    options: [...declarative.options.map(setting('')), ...ofStages(declarative.stages)],
    parameters: declarative.parameters.map(setting('')),
    triggers: triggersOf(declarative.call).map(setting('')),
  };
}

function triggersOf(call: Call): Call[] {
  const directive = (bodyOf(call)?.body ?? []).find(
    (entry): entry is Call => entry.kind === 'call' && calledName(entry) === 'triggers',
  );
  const entries = (directive && bodyOf(directive)?.body) ?? [];
  return entries.filter((entry): entry is Call => entry.kind === 'call');
}
