import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Server } from '../../src/editor/frame/settings';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';
import { selfSigned } from '../bed/net/certificates';
import { startProxy } from '../bed/net/proxy';
import { api, disconnect, setJobs, startMoat, TOKEN, until, USER, walk } from './bed';
import { standIns } from './standIns';

describe('connecting', () => {
  const { replace } = standIns();
  let jenkins: JenkinsDouble;
  before(async () => (jenkins = await startMoat()));
  after(() => jenkins.close());
  afterEach(disconnect);

  /** Has the dialogue answered: what is typed into its boxes, which way is chosen, and what is said to modals. */
  function person(boxes: string[][], way: RegExp, said: string[] = []) {
    const answers = answering(boxes);
    const modals: { message: string; detail: string; buttons: string[] }[] = [];
    replace(vscode.window, 'createInputBox', answers.create);
    replace(vscode.window, 'showQuickPick', (items: readonly vscode.QuickPickItem[]) =>
      Promise.resolve(items.find(({ label }) => way.test(label))),
    );
    replace(
      vscode.window,
      'showWarningMessage',
      (message: string, { detail = '' }: vscode.MessageOptions, ...buttons: string[]) => {
        modals.push({ message, detail, buttons });
        return Promise.resolve(said.shift());
      },
    );
    return { complaints: answers.complaints, modals };
  }

  async function connect(): Promise<void> {
    await vscode.commands.executeCommand('ciParity.connect');
  }

  async function connected(): Promise<(Server | undefined)[]> {
    return (await api()).servers.list();
  }

  it('takes the address of any page, tries each answer, and keeps the token secret', async () => {
    // The job is there already, so that it is not asked for.
    await setJobs([`${jenkins.base}job/moat/`]);
    const { complaints } = person(
      [['https://127.0.0.1:9/', `${jenkins.base}job/moat/42/console`], [USER], ['wrong', TOKEN]],
      /API token/,
    );
    await connect();
    assert.match(complaints[0] ?? '', /127\.0\.0\.1:9/);
    assert.match(complaints[1] ?? '', /refused the user name or the API token/);
    const [server] = await connected();
    assert.deepEqual([server?.url, server?.user], [jenkins.base, USER]);
    const runs = (await walk()).filter(({ kind }) => kind === 'run');
    assert.equal(runs.length, 3);
    const basic = `Basic ${Buffer.from(`${USER}:${TOKEN}`).toString('base64')}`;
    assert.equal(jenkins.requests.at(-1)?.headers.authorization, basic);
    assert.doesNotMatch(JSON.stringify(vscode.workspace.getConfiguration('ciParity')), /canary/);
    assert.deepEqual(filesWith(TOKEN, homedir()), []);
  });

  it('takes a password where Jenkins keeps passwords, and keeps it as secret', async () => {
    const users = { [USER]: { token: TOKEN, password: 'canary pass ' } };
    await using other = await startMoat({ users });
    await setJobs([`${other.base}job/moat/`]);
    person([[other.base], [USER], ['canary pass ']], /password/);
    await connect();
    const client = await (await api()).servers.client((await connected())[0]!);
    assert.equal((await client.ping(signal())).user, USER);
    assert.deepEqual(filesWith('canary pass', homedir()), []);
  });

  it('shows a certificate that nobody vouches for, and trusts it and no other if the person does', async () => {
    await using first = await startMoat({ tls: { ...selfSigned({ name: 'ci' }) } });
    await setJobs([`${first.base}job/moat/`]);
    const trust = 'Trust This Certificate';
    // Said no to at first, it is not talked to.
    const { complaints, modals } = person(
      [[first.base, first.base], [USER], [TOKEN]],
      /API token/,
      ['', trust],
    );
    await connect();
    assert.equal(modals.length, 2);
    assert.match(modals[0]?.message ?? '', /Cannot trust \S+: its certificate is self-signed/);
    assert.deepEqual(modals[0]?.buttons, [trust, 'Choose Authority…']);
    const [server] = await connected();
    const fingerprint = server?.tls?.trustedCertificate ?? '';
    assert.match(fingerprint, /^[0-9A-F:]{95}$/);
    assert.ok(modals[0].detail.includes(`SHA-256: ${fingerprint}`));
    assert.match(complaints[0] ?? '', /Cannot trust/);
    assert.equal((await walk()).filter(({ kind }) => kind === 'run').length, 3);
    const { port } = new URL(first.base);
    await first.close();

    await using second = await startMoat({
      tls: { ...selfSigned({ name: 'ci' }) },
      port: Number(port),
    });
    const { servers, runs } = await api();
    const client = await servers.client(server!);
    await assert.rejects(client.ping(signal()), /not the one that you trusted/);
    assert.deepEqual(second.requests, []);
    await runs.refresh();
    await until(runs.onDidChangeTreeData, async () =>
      (await walk()).some((node) => runs.getTreeItem(node).label === 'Look at its certificate…'),
    );
  });

  it('finds the path that was left out, and the server that has moved', async () => {
    await setJobs([`${jenkins.base}job/moat/`]);
    const there = 'Connect There';
    const { modals } = person([[new URL(jenkins.base).origin], [USER], [TOKEN]], /API token/, [
      there,
    ]);
    await connect();
    assert.equal(modals[0]?.detail, `Connect to ${jenkins.base} instead?`);
    assert.equal((await connected())[0]?.url, jenkins.base);
    await disconnect();

    await using old = await startJenkins({ world: { jobs: [] } });
    old.fault(/./, ({ path, response }) => {
      response.writeHead(301, { Location: new URL(path, jenkins.base).href }).end();
    });
    person([[old.base], [USER], [TOKEN]], /API token/, [there]);
    await connect();
    assert.equal((await connected())[0]?.url, jenkins.base);
  });

  describe('through a proxy', () => {
    const http = () => vscode.workspace.getConfiguration('http');
    const set = (name: string, value: unknown) =>
      http().update(name, value, vscode.ConfigurationTarget.Global);
    afterEach(async () => {
      for (const name of ['proxy', 'proxyAuthorization', 'noProxy']) await set(name, undefined);
    });

    for (const [how, options, authorization] of [
      ['as VS Code does', {}, undefined],
      [
        'with the authorization that VS Code keeps to itself',
        { login: 'bob:canary' },
        `Basic ${Buffer.from('bob:canary').toString('base64')}`,
      ],
    ] as const)
      for (const tls of [undefined, selfSigned({ name: 'ci', hosts: ['ci.test'] })])
        it(`goes ${how} to a server ${tls ? 'with' : 'without'} a certificate`, async () => {
          await using server = await startMoat(tls ? { tls: { ...tls } } : {});
          await using proxy = await startProxy({ hosts: ['ci.test'], ...options });
          await set('proxy', proxy.url);
          await set('proxyAuthorization', authorization);
          const base = server.base.replace('127.0.0.1', 'ci.test');
          await setJobs([`${base}job/moat/`]);
          const { complaints } = person([[base], [USER], [TOKEN]], /API token/, [
            'Trust This Certificate',
          ]);
          await connect();
          assert.deepEqual(complaints, []);
          assert.equal((await connected())[0]?.url, base);
          assert.ok(proxy.requests.length > 0);
          assert.ok(server.requests.every(({ headers }) => !headers['proxy-authorization']));
        });

    it('says so when the proxy does not answer, and leads to its setting', async () => {
      const proxy = await startProxy();
      await proxy[Symbol.asyncDispose]();
      await set('proxy', proxy.url.replace('//', '//bob:canary@'));
      const { complaints, modals } = person([['http://ci.test:8080/']], /API token/);
      await connect();
      assert.match(complaints[0] ?? '', /The proxy .*127\.0\.0\.1:\d+ cannot be reached/);
      assert.deepEqual(modals[0]?.buttons, ['Open Proxy Settings']);
      assert.doesNotMatch(JSON.stringify([complaints, modals]), /canary/);
      assert.deepEqual(await connected(), []);
    });
  });

  it('is over when the person leaves the box', async () => {
    person([[]], /API token/);
    await connect();
    assert.deepEqual(await connected(), []);
  });

  it('shows a refused token as a line that leads to signing in again', async () => {
    const { servers, runs } = await api();
    await servers.add({ url: jenkins.base, name: 'ci', user: USER }, { token: 'stale' });
    await setJobs([`${jenkins.base}job/moat/`]);
    // It is known once the job was asked for.
    await walk();
    const trouble = (await walk()).find(({ kind }) => kind === 'trouble');
    assert.ok(trouble);
    const item = runs.getTreeItem(trouble);
    assert.equal(item.label, 'Sign in again…');
    assert.equal(item.command?.command, 'ciParity.connect');
  });

  it('is undone by signing out, which also forgets the secrets and whom was trusted', async () => {
    const { servers } = await api();
    const server = { url: jenkins.base, name: 'ci', user: USER, tls: { trustedCertificate: 'AB' } };
    await servers.add(server, { token: TOKEN, passphrase: 'canary phrase' });
    assert.equal(servers.list()[0]?.tls?.trustedCertificate, 'AB');
    await vscode.commands.executeCommand('ciParity.signOut', { kind: 'server', server });
    assert.deepEqual(servers.list(), []);
    assert.deepEqual(await servers.secrets(server.url), {
      token: undefined,
      passphrase: undefined,
    });
    const client = await servers.client(server);
    await assert.rejects(client.ping(signal()), /signed in/);
  });
});

function signal(): AbortSignal {
  return AbortSignal.timeout(5000);
}

/** Input boxes that give one answer after the other to each question, and leave when there are none. */
function answering(answers: string[][]) {
  const complaints: string[] = [];
  const create = (): unknown => {
    const left = answers.shift() ?? [];
    let accept = (): void => undefined;
    let hide = (): void => undefined;
    let complaint: string | undefined;
    let shown = false;
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
      // Shown again after another question, it still waits for what comes of its answer.
      show: () => {
        if (!shown) next();
        shown = true;
      },
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
