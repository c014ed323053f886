import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listReproductions } from '../../src/reproduce/store';
import { runLike42, type Demo } from '../bed/demo/demo';
import { editorSettings, findRun, pressInline, unfoldRun } from '../bed/demo/mainJob';
import { projectRoot } from '../bed/demo/package';
import {
  notification,
  openPalette,
  pickQuickItem,
  screenshot,
  typeIntoQuickInput,
} from '../bed/host/person';
import { assertNothingLeft, commitOnto, openBed, startCli, type E2eBed } from './bed';

const token = 'c4nary-t0ken-of-ada';
const credential = "c4nary cr3dential's $value";
/** As they are, and as an HTTP header carries them. */
const canaries = [token, credential, Buffer.from(`ada:${token}`).toString('base64')];

/** A stage that prints its credential, and then waits until somebody opens the gate. */
const jenkinsfile = `pipeline {
    agent any
    environment {
        TOKEN = credentials('canary')
    }
    stages {
        stage('Build') {
            steps {
                sh 'printf "the token is <%s> of %s characters" "$TOKEN" "\${#TOKEN}"; echo'
                sh 'cat "$GATE"'
                sh 'echo "--- FAIL: TestPolicyEgressDeny (0.00s)"; exit 1'
            }
        }
    }
}
`;

describe('Secrets', function () {
  this.timeout('2m');
  const stop = new AbortController();
  const { signal } = stop;
  let bed: E2eBed;

  before(async function () {
    bed = await openBed(this, { vagrant: 'stand-in' });
  });
  after(async () => {
    stop.abort();
    await bed[Symbol.asyncDispose]();
  });

  /** A Jenkins that wants to be signed in to, and a run #45 that asks for a credential. */
  const secretiveDemo = (): Promise<Demo> =>
    bed.demo({
      jenkins: { anonymous: false, users: { ada: { token } } },
      prepare: (sample) => {
        const commit = commitOnto(sample, sample.commits.broken, { Jenkinsfile: jenkinsfile });
        return Promise.resolve([runLike42(45, commit, sample.origin)]);
      },
    });

  it('given to the command line are in no file, no argument and no other environment', async () => {
    const demo = await secretiveDemo();
    await using gate = makeGate(demo);
    using arguments_ = watchArguments();
    const args = ['reproduce', demo.runUrl(45), '--env', `GATE=${gate.path}`];
    const cli = startCli(demo, bed.packaged, args, {
      JENKINS_USER: 'ada',
      JENKINS_TOKEN: token,
      CI_PARITY_CREDENTIAL_CANARY: credential,
    });
    await Promise.race([gate.reached, cli.exit]);
    const [one] = listReproductions(demo.stateDir);
    assert.ok(one, cli.output());
    // The person gave them to the program itself, and the Jenkinsfile gives one to its steps.
    for (const { pid, environment } of environments()) {
      if (pid === cli.pid) continue;
      assertNone(
        environment.filter((variable) => !variable.startsWith('TOKEN=')),
        String(pid),
      );
      if (environment.some((variable) => variable.startsWith('TOKEN=')))
        assert.ok(environment.includes(`CI_PARITY_COOKIE=${one.files.id}`));
    }
    assertInNoFile(demo.root);
    await gate.open();
    assert.equal((await cli.exit).code, 0, cli.output());
    assert.match(
      cli.output(),
      new RegExp(`the token is <\\*\\*\\*\\*> of ${credential.length} characters`),
    );
    assertNone([cli.output(), JSON.stringify(cli.events())], 'what it said');
    assertNone(arguments_.seen(), 'arguments');
    assertInNoFile(demo.root);
    await assertNothingLeft(demo);
  });

  it('that are files and keys lie in their folder only, and are gone when their block has ended', async () => {
    await using folder = await keyFolder();
    const demo = await bed.demo({
      prepare: (sample) => {
        const commit = commitOnto(sample, sample.commits.broken, { Jenkinsfile: withFiles });
        return Promise.resolve([runLike42(45, commit, sample.origin)]);
      },
    });
    await using gate = makeGate(demo);
    using arguments_ = watchArguments();
    const args = ['reproduce', demo.runUrl(45), '--env', `GATE=${gate.path}`];
    const cli = startCli(demo, bed.packaged, args, {
      CI_PARITY_CREDENTIAL_CONF_FILE: folder.file,
      CI_PARITY_CREDENTIAL_KEY_FILE: folder.key,
      CI_PARITY_CREDENTIAL_KEY_USR: 'git',
      CI_PARITY_CREDENTIAL_KEY_PSW: passphrase,
    });
    await Promise.race([gate.reached, cli.exit]);
    const held = filesWith(folder.canaries, [demo.root]);
    assert.equal(held.length, 2, cli.output());
    for (const file of held) {
      assert.match(file, /@tmp\/secretFiles\/[^/]+\/(conf\.txt|ssh-key-KEY)$/);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
    }
    for (const { pid, environment } of environments())
      if (pid !== cli.pid) assertNone(environment, String(pid), folder.canaries.slice(0, 2));
    await cli.says(/\nagent \d+\n/);
    const [, agent = '0'] = /\nagent (\d+)\n/.exec(cli.output()) ?? [];
    process.kill(Number(agent), 0);
    await gate.open();
    assert.equal((await cli.exit).code, 0, cli.output());
    assert.match(cli.output(), /\n\*\*\*\*\nthe key has 1 line in the agent\n/);
    assert.throws(() => process.kill(Number(agent), 0), /ESRCH/);
    assertNone([cli.output(), JSON.stringify(cli.events())], 'what it said', folder.canaries);
    assertNone(arguments_.seen(), 'arguments', folder.canaries);
    assert.deepEqual(filesWith(folder.canaries, [demo.root]), []);
    await assertNothingLeft(demo);
  });

  it('given to the editor are besides in no settings, no terminal and no log', async function () {
    // Only this one wants a browser.
    await (await openBed(this, { vagrant: 'stand-in', chromium: true }))[Symbol.asyncDispose]();
    const demo = await secretiveDemo();
    await using gate = makeGate(demo);
    using arguments_ = watchArguments();
    await using workbench = await bed.open(demo, {
      signal,
      settings: {
        ...editorSettings(demo),
        'ciParity.jobs': [demo.jobUrl],
        'ciParity.environment': { GATE: gate.path },
      },
    });
    const { page } = workbench;
    try {
      await openPalette(page, 'CI Parity: Connect to Jenkins…');
      await typeIntoQuickInput(page, demo.jenkins.base, /address of any page of your Jenkins/);
      await pickQuickItem(page, /With user name and API token/);
      await typeIntoQuickInput(page, 'ada', /Your user name on/);
      await typeIntoQuickInput(page, token, /An API token of ada/);
      await unfoldRun(page, 45, 'TestPolicyEgressDeny');
      await pressInline(await findRun(page, 45), 'Reproduce');
      await pickQuickItem(page, 'Secret text');
      await typeIntoQuickInput(page, credential, /The secret text/);
      await gate.reached;
      const [one] = listReproductions(demo.stateDir);
      assert.ok(one?.status.state === 'running');
      for (const { pid, environment } of environments()) {
        if (environment.includes(`CI_PARITY_COOKIE=${one.files.id}`)) continue;
        assertNone(environment, pid === one.status.pid ? 'the terminal' : String(pid));
      }
      // All of VS Code's own, the browser's profile too.
      const whole = dirname(workbench.dataDir);
      assertInNoFile(demo.root, whole);
      await gate.open();
      await notification(page, 'reproduced: Build failed as in #45, same test');
      const { files } = one;
      assert.match(readFileSync(files.output, 'utf8'), /the token is <\*\*\*\*> of 26 characters/);
      assert.ok(demo.jenkins.requests.some(({ headers }) => headers.authorization !== undefined));
      assertNone(arguments_.seen(), 'arguments');
      assertNone([workbench.serverLog()], "the server's log");
      assertInNoFile(demo.root, whole);
      await assertNothingLeft(demo);
    } catch (error) {
      await screenshot(page, join(projectRoot, 'out', 'e2e', 'secrets.png')).catch(() => undefined);
      throw error;
    }
  });
});

const passphrase = 'c4nary passphrase of a key';

/** Prints its secret file, uses its key, and waits at the gate with both. */
const withFiles = `node {
    checkout scm
    stage('Build') {
        sshagent(['key']) {
            withCredentials([
                file(credentialsId: 'conf', variable: 'CONF'),
                sshUserPrivateKey(credentialsId: 'key', keyFileVariable: 'KEY', passphraseVariable: 'PASS')
            ]) {
                sh '''#!/bin/sh
                    echo "agent $SSH_AGENT_PID"; cat "$GATE"; cat "$CONF"
                    echo "the key has $(ssh-add -L | wc -l) line in the agent"'''
            }
        }
        sh 'ls "$WORKSPACE@tmp/secretFiles"; echo "--- FAIL: TestPolicyEgressDeny (0.00s)"; exit 1'
    }
}
`;

interface KeyFolder extends AsyncDisposable {
  readonly file: string;
  readonly key: string;
  /** The file's line and a line of the key, then the passphrase, which the Jenkinsfile gives to its steps. */
  readonly canaries: readonly string[];
}

/** A secret file and a locked key, as the person has them: outside of all that the program makes. */
async function keyFolder(): Promise<KeyFolder> {
  const path = await mkdtemp(join(tmpdir(), 'ci-parity-keys-'));
  const [file, key] = [join(path, 'conf.txt'), join(path, 'id')];
  const line = 'c4nary line of a secret file';
  writeFileSync(file, `${line}\n`);
  const made = ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'ada', '-f', key];
  execFileSync('ssh-keygen', made);
  const [, keyLine = ''] = readFileSync(key, 'utf8').split('\n');
  return {
    ...{ file, key, canaries: [line, keyLine, passphrase] },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

interface Gate extends AsyncDisposable {
  readonly path: string;
  /** Resolves when a step stands before it. */
  readonly reached: Promise<unknown>;
  open(): Promise<void>;
}

/** A pipe that nobody writes to: who reads it waits until it is opened. */
function makeGate(demo: Demo): Gate {
  const path = join(demo.root, 'gate');
  execFileSync('mkfifo', [path]);
  const reached: Promise<FileHandle> = open(path, 'w');
  let opened: Promise<void> | undefined;
  const opening = (): Promise<void> => (opened ??= reached.then((handle) => handle.close()));
  return {
    path,
    reached,
    open: opening,
    [Symbol.asyncDispose]: async () => {
      // If no step came to it, this stands in for one.
      closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
      await opening();
    },
  };
}

/** Looks again and again at the arguments of all processes. */
function watchArguments(): Disposable & { seen(): string[] } {
  const seen = new Set<string>();
  const look = (): void => {
    for (const pid of processes()) seen.add(readProc(pid, 'cmdline'));
  };
  const timer = setInterval(look, 50);
  return {
    seen: () => {
      look();
      return [...seen];
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function environments(): { readonly pid: number; readonly environment: string[] }[] {
  return processes()
    .filter((pid) => pid !== String(process.pid))
    .map((pid) => ({ pid: Number(pid), environment: readProc(pid, 'environ').split('\0') }));
}

function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}

function assertNone(
  texts: readonly string[],
  where: string,
  of: readonly string[] = canaries,
): void {
  for (const text of texts)
    for (const canary of of) assert.ok(!text.includes(canary), `${canary} in ${where}: ${text}`);
}

function assertInNoFile(...folders: readonly string[]): void {
  const [first = ''] = folders;
  const planted = join(first, 'planted');
  writeFileSync(planted, `\0${credential}\n`, 'utf16le');
  assert.deepEqual(filesWith(canaries, folders), [planted], 'files that hold a canary');
  rmSync(planted);
}

/** Also as Chromium's stores have it, in two bytes for a character. */
function filesWith(texts: readonly string[], folders: readonly string[]): string[] {
  const needles = texts.flatMap((text) => [Buffer.from(text), Buffer.from(text, 'utf16le')]);
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => {
        const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
        return needles.some((needle) => bytes.includes(needle));
      }),
  );
}
