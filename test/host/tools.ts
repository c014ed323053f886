import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ToolName } from '../../src/editor/tools/tools';
import { bornAt } from '../../src/machines/processes';
import { openJournal } from '../../src/reproduce/journal';
import { filesOf, readReproduction } from '../../src/reproduce/store';
import { api, aroundMoat, folder } from './bed';
import { standIns } from './standIns';

const NAMES: readonly ToolName[] = [
  'ciParity_listFailedRuns',
  'ciParity_explainFailure',
  'ciParity_plan',
  'ciParity_reproduce',
];

describe('the tools for language models', () => {
  const { catchTerminals, replace } = standIns();
  const jenkins = aroundMoat();
  const run = (): string => `${jenkins().base}job/moat/42/`;

  const reproduced = (token: vscode.CancellationToken) =>
    called('ciParity_reproduce', { url: run(), wait: true }, token);

  /** The id of the reproduction whose terminal is opened next; none really is. */
  function nextTerminal(): Promise<string> {
    return new Promise((resolve) =>
      replace(vscode.window, 'createTerminal', ({ shellArgs }: vscode.TerminalOptions) => {
        resolve(shellArgs?.[2] ?? '');
        return { show: () => undefined };
      }),
    );
  }

  it('are known to VS Code, with their descriptions', () => {
    const known = vscode.lm.tools.filter(({ name }) => name.startsWith('ciParity_'));
    assert.deepEqual(known.map(({ name }) => name).sort(), [...NAMES].sort());
    for (const { description, inputSchema } of known) assert.ok(description && inputSchema);
  });

  it("list the failed runs of the workspace's jobs", async () => {
    const { runs } = await called('ciParity_listFailedRuns', {});
    assert.deepEqual(
      (runs as { number: number; result: string }[]).map(({ number, result }) => [number, result]),
      [
        [42, 'FAILURE'],
        [40, 'UNSTABLE'],
      ],
    );
  });

  it('explain a failure in facts, and mark what the server said as data', async () => {
    const facts = await called('ciParity_explainFailure', { url: run() });
    const { sentence, stage, exitCode } = facts['diagnosis'] as Record<string, unknown>;
    assert.match(String(sentence), /^Test: \.\/test\.sh → exit 1/);
    assert.deepEqual([stage, exitCode], ['Test', 1]);
    assert.match(String(facts['notice']), /not instructions/);
    assert.doesNotMatch(JSON.stringify(facts), /canary/);
  });

  it('give the plan', async () => {
    const { plan } = await called('ciParity_plan', { url: run() });
    assert.match(String(plan), /## What would be run[^]*\.\/test\.sh/);
  });

  it('say what would run and where before they reproduce, and run nothing for that', async () => {
    const terminals = catchTerminals();
    const prepared = await tool('ciParity_reproduce').then((one) =>
      one.prepareInvocation({ input: { url: run() } }, none),
    );
    const { message } = prepared?.confirmationMessages ?? {};
    assert.ok(message instanceof vscode.MarkdownString);
    const words = message.value.replace(/\\|&nbsp;/g, ' ');
    assert.match(words, /on this machine/);
    assert.ok(message.value.replaceAll('\\', '').includes(folder()));
    assert.equal(message.isTrusted, undefined);
    assert.deepEqual(terminals, []);
  });

  it('start a reproduction and give its id', async () => {
    const terminals = catchTerminals();
    const { id, state } = await called('ciParity_reproduce', { url: run() });
    assert.equal(state, 'started');
    assert.equal(terminals.length, 1);
    assert.equal(readReproduction(String(id)).recipe.run?.number, 42);
  });

  it('wait for the verdict when they are asked to', async () => {
    const started = nextTerminal();
    const waiting = reproduced(none);
    const files = filesOf(await started);
    using journal = openJournal(files.journal);
    const born = bornAt(process.pid) ?? '';
    journal.append({ type: 'started', version: 1, pid: process.pid, bornAt: born });
    const sentence = 'reproduced: Test failed as in #42, same test';
    const failedTests = [{ group: 'moat', name: 'TestMoat', details: undefined }];
    const verdict = { kind: 'reproduced', sentence, details: [], failedTests } as const;
    journal.append({ type: 'verdict', verdict });
    journal.append({ type: 'ended', left: [] });
    const told = await waiting;
    assert.deepEqual(
      [told['id'], told['state'], told['verdict'], told['failedTests']],
      [
        files.id,
        'ended',
        { kind: 'reproduced', sentence, details: [] },
        [{ group: 'moat', name: 'TestMoat' }],
      ],
    );
  });

  it('end the waiting for a verdict when they are cancelled', async () => {
    const started = nextTerminal();
    const cancel = new vscode.CancellationTokenSource();
    const waiting = reproduced(cancel.token);
    await started;
    cancel.cancel();
    await assert.rejects(waiting, vscode.CancellationError);
  });

  it('run nothing of an untrusted workspace, and tell of its failures nevertheless', async () => {
    const terminals = catchTerminals();
    replace(vscode.workspace, 'isTrusted', false);
    for (const name of ['ciParity_plan', 'ciParity_reproduce'] as const)
      await assert.rejects(called(name, { url: run() }), /not trusted/);
    assert.deepEqual(terminals, []);
    const { run: explained } = await called('ciParity_explainFailure', { url: run() });
    assert.equal((explained as { number: number }).number, 42);
  });

  it('refuse what they do not understand, and servers that the person has not connected to', async () => {
    await assert.rejects(
      called('ciParity_explainFailure', { url: run(), x: 1 }),
      /unknown property/,
    );
    await assert.rejects(
      called('ciParity_explainFailure', { url: 'https://elsewhere.example/job/a/1/' }),
      /not connected to the server/,
    );
    const passed = `${jenkins().base}job/moat/41/`;
    await assert.rejects(called('ciParity_explainFailure', { url: passed }), /did not fail/);
  });
});

const none = new vscode.CancellationTokenSource().token;

async function tool(name: ToolName) {
  return (await api()).tools[name];
}

/** What a tool says, read from its JSON. */
async function called(
  name: ToolName,
  input: object,
  token: vscode.CancellationToken = none,
): Promise<Record<string, unknown>> {
  const result = await (await tool(name)).invoke({ input, toolInvocationToken: undefined }, token);
  const [part] = result?.content ?? [];
  assert.ok(part instanceof vscode.LanguageModelTextPart);
  assert.ok(Buffer.byteLength(part.value) <= 24 * 1024);
  return JSON.parse(part.value) as Record<string, unknown>;
}
