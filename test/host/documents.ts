import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { JenkinsDouble } from '../bed/jenkins/double';
import { api, connectTo, disconnect, failedRun, startMoat, until } from './bed';
import { ATTACKS, hostilePages } from '../recipe/hostilePlan';
import { standIns } from './standIns';

describe('logs and plans', () => {
  const { hear } = standIns();
  let jenkins: JenkinsDouble;
  before(async () => {
    jenkins = await startMoat();
    await connectTo(jenkins);
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await disconnect();
    await jenkins.close();
  });

  it('opens the log of a run where its test failed, read-only', async () => {
    const of = await failedRun();
    const test = { group: '', name: 'TestMoat', details: undefined };
    await vscode.commands.executeCommand('ciParity.openLog', { kind: 'test', of, test });
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.scheme, 'ci-parity-log');
    const line = editor.document.lineAt(editor.selection.active.line).text;
    assert.equal(line, '--- FAIL: TestMoat (0.1s)');
    const before = editor.document.getText();
    await vscode.commands.executeCommand('type', { text: 'x' });
    assert.equal(editor.document.getText(), before);
  });

  it('tells what is wrong when a log cannot be had, and can be asked again', async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    const errors = hear('Error');
    const of = await failedRun();
    const other = {
      ...of,
      run: { ...of.run, url: of.run.url.replace('/42/', '/41/'), number: 41 },
    };
    const fault = jenkins.fault(/consoleText/, '500');
    await vscode.commands.executeCommand('ciParity.openLog', other);
    assert.match(errors[0] ?? '', /has a problem of its own/);
    fault[Symbol.dispose]();
    await vscode.commands.executeCommand('ciParity.openLog', other);
    assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /Finished: SUCCESS/);
  });

  it('lets a growing log grow in the editor until the run ends', async () => {
    const { servers } = await api();
    const server = servers.at(jenkins.base);
    const client = await servers.client(server);
    const url = `${jenkins.base}job/team/job/live/1/`;
    const run = await client.run(url, AbortSignal.timeout(5000));
    await vscode.commands.executeCommand('ciParity.openLog', { kind: 'run', server, run });
    const document = vscode.window.activeTextEditor?.document;
    assert.match(document?.getText() ?? '', /^begun\n/);
    jenkins.appendLog('team/live', 1, 'going on\n');
    jenkins.finish('team/live', 1, 'SUCCESS');
    await until(vscode.workspace.onDidChangeTextDocument, () =>
      /going on/.test(document?.getText() ?? ''),
    );
  });

  it('shows the plan of a run', async function () {
    this.timeout(60_000);
    const errors = hear('Error');
    await vscode.commands.executeCommand('ciParity.showPlan', await failedRun());
    assert.deepEqual(errors, []);
    const { tabGroups } = vscode.window;
    await until(tabGroups.onDidChangeTabs, () =>
      /Plan of moat #42/.test(tabGroups.activeTabGroup.activeTab?.label ?? ''),
    );
    const uri = vscode.Uri.from({ scheme: 'ci-parity-plan', path: '/Plan of moat #42.md' });
    const text = (await vscode.workspace.openTextDocument(uri)).getText();
    assert.match(text, /^# Plan: .*moat.* #42/);
    assert.match(text, /\.\/test\.sh/);
  });

  it('renders a plan whose texts are hostile without a heading, link, image or comment of theirs', async function () {
    this.timeout(120_000);
    for (const attack of ATTACKS)
      for (const page of await hostilePages(attack)) {
        const html = await vscode.commands.executeCommand<string>('markdown.api.render', page);
        // What stands in code is text, and its `<` are escaped.
        const markup = html.replace(/<code[^>]*>.*?<\/code>/gs, '');
        const tags = [...markup.matchAll(/<[^>]*>?/g)].map(([tag]) => tag);
        const foreign = tags.filter((tag) => !OWN_TAGS.test(tag));
        assert.deepEqual(foreign, [], `${JSON.stringify(attack)}\n${page}`);
        const headings = [...markup.matchAll(/<h[1-6].*?<\/h[1-6]>/gs)].map(([heading]) => heading);
        assert.deepEqual(
          headings.filter((heading) => heading.includes('FORGED')),
          [],
        );
        assert.ok(html.includes('Environment of every step') && html.includes('FORGED'), page);
        assert.doesNotMatch(html, /[\u0080-\u009f\u2028-\u202e\u2066-\u2069]/);
      }
  });
});

/** What the page itself is made of. */
const OWN_TAGS =
  /^<\/?(h[1-3]|p|ul|li|pre|strong|em|table|thead|tbody|tr|th|td)( (class|id|dir|data-line|data-href)="[^"]*")*>$/;
