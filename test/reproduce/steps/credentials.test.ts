import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Secrets } from '../../../src/base/secretChannel';
import { readReproduction } from '../../../src/reproduce/store';
import { interruptsWhenReady, openWorkshop, printed, type Workshop } from '../workshop';

/** A key pair of its own, made where nobody else looks. */
function makeKey(passphrase: string): { privateKey: string; publicKey: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ci-parity-key-'));
  try {
    const file = join(folder, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'bed', '-f', file]);
    const privateKey = readFileSync(file, 'utf8');
    return { privateKey, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const file = 'c4nary line one of a file\nand c4nary line two\n';
const plainKey = makeKey('');
const lockedKey = makeKey('p4ssphrase of it');
const zipped = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ci-parity-zip-'));
  try {
    const args = ['-c', 'printf "inside the zip" > a.txt && zip -q z.zip a.txt'];
    execFileSync('sh', args, { cwd: folder });
    return readFileSync(join(folder, 'z.zip')).toString('base64');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const secrets: Secrets = {
  token: { kind: 'text', text: "c4nary's $token" },
  login: { kind: 'login', username: 'ada', password: 'c4nary-p4ss' },
  hidden: { kind: 'login', username: 'c4nary-user', password: 'c4nary-2', secretUsername: true },
  config: { kind: 'file', name: 'kube.conf', content: Buffer.from(file).toString('base64') },
  key: { kind: 'ssh', username: 'git', privateKey: plainKey.privateKey },
  locked: {
    kind: 'ssh',
    username: 'root',
    privateKey: lockedKey.privateKey,
    passphrase: 'p4ssphrase of it',
  },
  store: {
    kind: 'certificate',
    content: Buffer.from('c4nary keystore').toString('base64'),
    password: 'c4nary-store',
    alias: 'me',
  },
};

describe('Credentials in a reproduction', () => {
  let shop: Workshop;
  beforeEach(() => (shop = openWorkshop()));
  afterEach(() => shop[Symbol.dispose]());

  const holdsNone = (): void => {
    const lines = lockedKey.privateKey.split('\n').slice(1, 3);
    const needles = ['c4nary', 'p4ssphrase', ...lines].flatMap((text) => ['-e', text]);
    const found = spawnSync('grep', ['-rlF', ...needles, shop.root], { encoding: 'utf8' }).stdout;
    assert.equal(found, '', 'no file holds a secret');
  };

  it('gives withCredentials every kind of binding, hides it all, and leaves nothing', async () => {
    const { verdict, output, files, events } = await shop.run(
      `node {
  withCredentials([
    string(credentialsId: 'token', variable: 'TOKEN'),
    usernamePassword(credentialsId: 'login', usernameVariable: 'U', passwordVariable: 'P'),
    usernamePassword(credentialsId: 'hidden', usernameVariable: 'HU', passwordVariable: 'HP'),
    usernameColonPassword(credentialsId: 'login', variable: 'UP'),
    file(credentialsId: 'config', variable: 'CONF'),
    zip(credentialsId: 'archive', variable: 'ZIP'),
    sshUserPrivateKey(credentialsId: 'locked', keyFileVariable: 'KEY', usernameVariable: 'KU', passphraseVariable: 'KP'),
    certificate(credentialsId: 'store', keystoreVariable: 'KS', passwordVariable: 'KSP', aliasVariable: 'KSA'),
  ]) {
    sh '''#!/bin/sh
      echo "lengths \${#TOKEN} \${#P} \${#UP} \${#KP} \${#KSP}; user $U <$HU> key of $KU, alias $KSA"
      echo "token $TOKEN, pair $UP, in base64 $(printf '%s' "x:$P" | base64)"
      echo "path $CONF"; cat "$CONF"; cat "$ZIP"/a.txt; echo
      basename -a "$CONF" "$KEY"; stat -c %a "$CONF" "$KEY" "$KS" "$(dirname "$CONF")" "$(dirname "$(dirname "$CONF")")"
      ssh-keygen -y -P "$KP" -f "$KEY" | cut -d' ' -f1,2
      wc -c < "$KS"; dirname "$(dirname "$(dirname "$CONF")")"
    '''
    sh 'set -x; : "$TOKEN"'
  }
  sh 'echo "after <$TOKEN><$CONF>"; ls "$WORKSPACE@tmp/secretFiles"'
}
`,
      { secrets: { ...secrets, archive: { kind: 'file', name: 'a.zip', content: zipped() } } },
    );
    assert.equal(verdict.sentence, 'passed: every stage passed', output);
    const [, publicKey = ''] = lockedKey.publicKey.split(' ');
    assert.deepEqual(
      printed(output),
      [
        'lengths 15 11 15 16 12; user ada <****> key of root, alias me',
        'token ****, pair ****, in base64 eDp****',
        'path ****',
        '****',
        '****',
        'inside the zip',
        'kube.conf',
        `ssh-key-KEY`,
        ...['600', '600', '600', '700', '700'],
        `ssh-ed25519 ${publicKey}`,
        '15',
        `${files.workspace}@tmp`,
        'after <><>',
      ].map((line) => line),
    );
    holdsNone();
    assert.deepEqual(readReproduction(files.id).made, []);
    // What would leak is promised before it is made, and struck off when it is gone.
    const secretEvents = events.flatMap((event) =>
      (event.type === 'intent' || event.type === 'gone') && event.what === 'secrets'
        ? [event.type]
        : [],
    );
    assert.equal(secretEvents.filter((type) => type === 'intent').length, 4);
    assert.equal(secretEvents.filter((type) => type === 'gone').length, 4);
  });

  it('gives environment the shapes that Declarative gives, for its own level only', async () => {
    const { verdict, output } = await shop.run(
      `pipeline {
  agent any
  environment { TOKEN = credentials('token') }
  stages {
    stage('One') {
      environment {
        LOGIN = credentials('login')
        CONF = credentials('config')
        KEY = credentials('locked')
      }
      steps {
        sh '''#!/bin/sh
          echo "$LOGIN_USR:$LOGIN_PSW = $LOGIN"; echo "conf $CONF"; wc -l < "$CONF"
          echo "$KEY_USR \${#KEY_PSW}"; head -1 "$KEY"; echo "\${#TOKEN} \${TOKEN_USR-none}"
        '''
      }
    }
    stage('Two') {
      steps { sh 'echo "<\${LOGIN-}><\${CONF-}> \${#TOKEN}"; ls "$WORKSPACE@tmp/secretFiles"' }
    }
  }
}
`,
      { secrets },
    );
    assert.equal(verdict.sentence, 'passed: every stage passed', output);
    assert.deepEqual(printed(output), [
      '**** = ****',
      'conf ****',
      '2',
      'root 16',
      '-----BEGIN OPENSSH PRIVATE KEY-----',
      '15 none',
      '<><> 15',
    ]);
    holdsNone();
  });

  it('asks for each once, and for the kind that its binding wants', async () => {
    const { wanted } = await shop.run(
      `pipeline {
  agent any
  environment { ANY = credentials('any') }
  stages {
    stage('One') {
      steps {
        withCredentials([file(credentialsId: 'config', variable: 'A')]) { sh 'true' }
        withCredentials([file(credentialsId: 'config', variable: 'B')]) { sh 'true' }
        sshagent(['key']) { sh 'true' }
        withCredentials([[$class: 'UsernamePasswordMultiBinding', credentialsId: 'login', usernameVariable: 'U', passwordVariable: 'P']]) { sh 'true' }
      }
    }
  }
}
`,
      { secrets: { ...secrets, any: { kind: 'text', text: 'x-x-x' } } },
    );
    assert.deepEqual(
      wanted.map(({ id, kind }) => [id, kind]),
      [
        ['any', undefined],
        ['config', 'file'],
        ['key', 'ssh'],
        ['login', 'login'],
      ],
    );
  });

  it('says so when one is of another kind than the Jenkinsfile wants', async () => {
    const { output, verdict, said } = await shop.run(
      `node { stage('S') { withCredentials([file(credentialsId: 'token', variable: 'A')]) { sh 'true' } } }`,
      { secrets },
    );
    assert.equal(verdict.kind, 'failed', output + said);
  });

  it('runs a real ssh-agent around sshagent, with locked keys too, and ends it', async () => {
    const { verdict, output, files } = await shop.run(
      `node {
  sshagent(credentials: ['key', 'locked']) {
    sh 'ssh-add -L; echo "agent $SSH_AGENT_PID"; test -S "$SSH_AUTH_SOCK" && echo "at $SSH_AUTH_SOCK"'
    sh 'exit 3'
  }
}
`,
      { secrets },
    );
    assert.equal(verdict.sentence, 'failed: the pipeline failed with exit code 3', output);
    assert.ok(output.includes(plainKey.publicKey.split(' ')[1] ?? 'none'));
    assert.ok(output.includes(lockedKey.publicKey.split(' ')[1] ?? 'none'));
    const [, pid = '0'] = /\nagent (\d+)/.exec(output) ?? [];
    assert.throws(() => process.kill(Number(pid), 0), /ESRCH/);
    const [, socket = ''] = /\nat (\S+)/.exec(output) ?? [];
    assert.notEqual(socket, '');
    assert.equal(existsSync(dirname(socket)), false);
    assert.deepEqual(readReproduction(files.id).made, []);
    holdsNone();
  });

  it('takes files away even when the person ends everything at once', async () => {
    const { verdict, files } = await shop.run(
      `node { sshagent(['key']) { withCredentials([file(credentialsId: 'config', variable: 'CONF')]) { sh 'trap "" INT TERM; echo ready; while :; do sleep 1; done' } } }`,
      {
        secrets,
        ...interruptsWhenReady(2),
      },
    );
    assert.equal(verdict.kind, 'cancelled');
    assert.equal(
      readReproduction(files.id).made.some(({ what }) => what === 'secrets'),
      false,
    );
    holdsNone();
  });

  it('takes files away when the person interrupts', async () => {
    const { verdict, files } = await shop.run(
      `node { withCredentials([file(credentialsId: 'config', variable: 'CONF')]) { sh 'trap "exit 1" INT; echo ready; while :; do sleep 0.1; done' } }`,
      {
        secrets,
        ...interruptsWhenReady(),
      },
    );
    assert.equal(verdict.kind, 'cancelled');
    assert.deepEqual(readdirSync(dirname(files.workspace)), []);
    holdsNone();
  });
});
