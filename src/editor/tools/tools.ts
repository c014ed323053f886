import * as vscode from 'vscode';
import type { ToolParts, Work } from './main';

/** The tools that language models may call; package.json describes them. */
export type ToolName =
  'ciParity_listFailedRuns' | 'ciParity_explainFailure' | 'ciParity_plan' | 'ciParity_reproduce';

/** A tool of any input: each looks at what it is given. */
export type Tool = Required<vscode.LanguageModelTool<object>>;
export type Tools = Readonly<Record<ToolName, Tool>>;

/** What the tools do is a bundle of its own, `dist/tools.js`: it is loaded when one is called. */
export function languageModelTools(parts: ToolParts): Tools {
  const tool = (name: ToolName): Tool => {
    const load = async (): Promise<Work> => (await import('./main')).works(parts)[name];
    return {
      prepareInvocation: async ({ input }, token) => (await load()).prepare(input, token),
      invoke: async ({ input }, token) => (await load()).invoke(input, token),
    };
  };
  return {
    ciParity_listFailedRuns: tool('ciParity_listFailedRuns'),
    ciParity_explainFailure: tool('ciParity_explainFailure'),
    ciParity_plan: tool('ciParity_plan'),
    ciParity_reproduce: tool('ciParity_reproduce'),
  };
}

export function registerTools(tools: Tools): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(tools).map(([name, tool]) => vscode.lm.registerTool(name, tool)),
  );
}
