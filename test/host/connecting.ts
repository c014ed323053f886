import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { JenkinsDouble } from '../bed/jenkins/double';
import { api, disconnect, setJobs, startMoat, TOKEN, USER, walk } from './bed';
import { standIns } from './standIns';

describe('connecting', () => {
  const { replace } = standIns();
  let jenkins: JenkinsDouble;
  before(async () => (jenkins = await startMoat()));
  after(() => jenkins.close());
  afterEach(disconnect);

  it('takes the address of any page, tries each answer, and keeps the token secret', async () => {
    // The job is there already, so that it is not asked for.
    await setJobs([`${jenkins.base}job/moat/`]);
    const boxes = answering([
      ['https://127.0.0.1:9/', `${jenkins.base}job/moat/42/console`],
      [USER],
      ['wrong', TOKEN],
    ]);
    replace(vscode.window, 'createInputBox', boxes.create);
    await vscode.commands.executeCommand('ciParity.connect');
    assert.match(boxes.complaints[0] ?? '', /127\.0\.0\.1:9/);
    assert.match(boxes.complaints[1] ?? '', /refused the user name or the API token/);
    const { servers } = await api();
    assert.deepEqual(
      servers.list().map(({ url, user }) => ({ url, user })),
      [{ url: jenkins.base, user: USER }],
    );
    const runs = (await walk()).filter(({ kind }) => kind === 'run');
    assert.equal(runs.length, 3);
    const basic = `Basic ${Buffer.from(`${USER}:${TOKEN}`).toString('base64')}`;
    assert.equal(jenkins.requests.at(-1)?.headers.authorization, basic);
    assert.doesNotMatch(JSON.stringify(vscode.workspace.getConfiguration('ciParity')), /canary/);
    assert.deepEqual(filesWith(TOKEN, homedir()), []);
  });

  it('is over when the person leaves the box', async () => {
    const boxes = answering([[]]);
    replace(vscode.window, 'createInputBox', boxes.create);
    await vscode.commands.executeCommand('ciParity.connect');
    assert.deepEqual((await api()).servers.list(), []);
  });

  it('shows a refused token as a line that leads to signing in again', async () => {
    const { servers, runs } = await api();
    await servers.add({ url: jenkins.base, name: 'ci', user: USER }, 'stale');
    await setJobs([`${jenkins.base}job/moat/`]);
    const problem = (await walk()).find(({ kind }) => kind === 'problem');
    assert.ok(problem);
    const item = runs.getTreeItem(problem);
    assert.equal(item.label, 'Sign in again…');
    assert.equal(item.command?.command, 'ciParity.connect');
  });

  it('is undone by signing out, which also forgets the token', async () => {
    const { servers } = await api();
    const server = { url: jenkins.base, name: 'ci', user: USER };
    await servers.add(server, TOKEN);
    await vscode.commands.executeCommand('ciParity.signOut', { kind: 'server', server });
    assert.deepEqual(servers.list(), []);
    const client = await servers.client(server);
    await assert.rejects(client.ping(AbortSignal.timeout(5000)), /signed in/);
  });
});

/** Input boxes that give one answer after the other to each question, and leave when there are none. */
function answering(answers: string[][]) {
  const complaints: string[] = [];
  const create = (): unknown => {
    const left = answers.shift() ?? [];
    let accept = (): void => undefined;
    let hide = (): void => undefined;
    let complaint: string | undefined;
    const next = (): void => {
      const answer = left.shift();
      if (answer === undefined) hide();
      else {
        box.value = answer;
        accept();
      }
    };
    const box = {
      value: '',
      busy: false,
      enabled: true,
      get validationMessage(): string | undefined {
        return complaint;
      },
      set validationMessage(words: string | undefined) {
        complaint = words;
        if (words === undefined) return;
        complaints.push(words);
        // After the box is ready for another answer.
        setTimeout(next);
      },
      onDidAccept: (listener: () => void) => (accept = listener),
      onDidHide: (listener: () => void) => (hide = listener),
      onDidChangeValue: () => undefined,
      onDidTriggerButton: () => undefined,
      show: next,
      dispose: () => undefined,
    };
    return box;
  };
  return { create, complaints };
}

/** Files below a directory that hold a text, where they are of a size that settings and logs have. */
function filesWith(text: string, directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found?.isFile() === true && found.size < 10_000_000;
    })
    .filter((file) => readFileSync(file).includes(text));
}
