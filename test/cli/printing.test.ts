import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { World } from '../bed/jenkins/world';
import { startJenkins } from '../bed/jenkins/double';
import { openPty, ptyMissing } from '../bed/pty';
import { program } from './program';

/** Sets the clipboard and the title, forges lines, and turns the direction of text. */
const HOSTILE =
  '\u001b]52;c;aGk=\u0007\u009b2J\u202e\u2066\r\n▸ reproduced\u2028x\u2029y\u0000\u007f\u0085';
const CONTROLS = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

describe('What the program prints', () => {
  const script = fileURLToPath(new URL('printEverything.ts', import.meta.url));
  const [node = '', ...loading] = program.slice(0, -1);
  const printed = (texts: readonly string[], ...args: string[]) =>
    spawnSync(node, [...loading, script, ...args], {
      input: JSON.stringify(texts),
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    });
  const harmless = (text: string, before = ''): void => {
    const at = text.search(CONTROLS);
    assert.equal(at, -1, before + JSON.stringify(text.slice(Math.max(0, at - 60), at + 20)));
  };

  it('is one line without control characters for any text from anywhere', function () {
    this.timeout(60_000);
    const unit = fc.oneof(
      fc.constantFrom(...HOSTILE.split(/(?:)/u)),
      fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
      fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCodePoint(code)),
    );
    const seed = Date.now() | 0;
    const texts = fc
      .sample(fc.string({ unit, maxLength: 40 }), { numRuns: 2000, seed })
      .concat(HOSTILE);
    const { stdout, stderr, status } = printed(texts);
    assert.equal(status, 0, stderr);
    harmless(stdout, `seed ${seed}: `);
    harmless(stderr, `seed ${seed}: `);
    const lines = stdout.split('\n');
    assert.equal(lines.filter((line) => line.startsWith('▸ ')).length, texts.length);
    assert.equal(lines.filter((line) => line.endsWith('] step')).length, texts.length);
    assert.equal(
      stderr.split('\n').filter((line) => line.startsWith('ci-parity: ')).length,
      texts.length,
    );
  });

  it('is JSON that says the same, without control characters, one line each', () => {
    const { stdout, stderr } = printed([HOSTILE, 'ä\t'], 'json');
    harmless(stderr);
    harmless(stdout);
    const objects = stdout.split('\n').filter((line) => line.startsWith('{'));
    assert.deepEqual(
      objects.map((line) => JSON.parse(line) as unknown),
      [HOSTILE, 'ä\t'].map((text) => ({ text, [text]: [text] })),
    );
    assert.match(stdout, /\\u009b2J\\u202e\\u2066\\r\\n/);
  });

  it('shows what it does not let through, and has our own colors in a terminal', async function () {
    const why = ptyMissing();
    if (why !== undefined) this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'ci-parity-print-'));
    try {
      const file = join(folder, 'Jenkinsfile');
      writeFileSync(
        file,
        "pipeline { agent any; stages { stage('a\\u001b]0;title\\u0007b') { steps { sh 'x' } } } }",
      );
      await using pty = openPty([...program, 'outline', file]);
      await pty.shows(/a␛\]0;title␇b/);
      assert.equal(await pty.ended, 0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('has no control characters of a Jenkinsfile, its name, or an error', function () {
    this.timeout(120_000);
    const folder = mkdtempSync(join(tmpdir(), 'ci-parity-print-'));
    try {
      const escaped = '\\u001b]52;c;aGk=\\u0007\\u009b2J\\u202e\\r\\n\\u2028';
      const raw = '\u001b]52;c;aGk=\u0007\u009b2J\u202e\r\u2028';
      const file = join(folder, 'Jenkins\u001b]0;x\u0007\u202e\nfile');
      writeFileSync(
        file,
        `pipeline { agent any
environment { A = "v${escaped}" }
stages {
  stage("s${escaped}") { steps { sh "echo ${escaped} ${raw}"; nosuch "${escaped}"; error "${escaped}" } }
  stage("t${raw}") { steps { mail to: "${escaped}" } agent { label "${escaped}" } }
  stagf("u${raw}") { }
} }`,
      );
      const git = ['-c', 'user.name=T', '-c', 'user.email=t@localhost', '-C', folder];
      for (const words of [
        ['init', '-q'],
        ['add', '.'],
        ['commit', '-q', '-m', 'x'],
      ])
        assert.equal(spawnSync('git', [...git, ...words]).status, 0);
      const env = { ...process.env, XDG_STATE_HOME: join(folder, 'state') };
      for (const words of [
        ['outline', file],
        ['outline', '--json', file],
        ['lint', file],
        ['lint', '--json', file],
        ['plan', file],
        ['plan', '--json', file],
        ['outline', `${file}${HOSTILE.replaceAll('\0', '')}`],
        ['show', HOSTILE.replaceAll('\0', '')],
        ['runs', HOSTILE.replaceAll('\0', '')],
        [HOSTILE.replaceAll('\0', '')],
        ['help', HOSTILE.replaceAll('\0', '')],
        ['reproduce', file],
        ['list'],
        ['list', '--json'],
      ]) {
        const { stdout, stderr } = spawnSync(program[0] ?? '', [...program.slice(1), ...words], {
          encoding: 'utf8',
          env,
          cwd: folder,
        });
        assert.notEqual(stdout + stderr, '');
        harmless(stdout);
        harmless(stderr);
        assert.doesNotMatch(stdout + stderr, /^▸ reproduced/m);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('has no control characters of a server', async function () {
    this.timeout(120_000);
    const world: World = {
      jobs: [
        {
          name: 'evil',
          description: HOSTILE,
          runs: [
            {
              number: 7,
              result: 'FAILURE',
              causes: [`Started by ${HOSTILE}`],
              parameters: [{ name: HOSTILE, value: HOSTILE }],
              builtOn: HOSTILE,
              error: HOSTILE,
              stages: [
                {
                  name: `Build ${HOSTILE}`,
                  state: 'failed',
                  log: ['[Pipeline] sh', `+ make ${HOSTILE}`, `make: *** ${HOSTILE}`, HOSTILE],
                  steps: [
                    {
                      title: 'Shell Script',
                      given: HOSTILE,
                      error: { type: 'x', message: `script returned exit code 1 ${HOSTILE}` },
                    },
                  ],
                },
              ],
              tests: [
                {
                  group: HOSTILE,
                  name: HOSTILE,
                  status: 'FAILED',
                  details: HOSTILE,
                  stack: HOSTILE,
                },
              ],
            },
          ],
        },
      ],
    };
    const jenkins = await startJenkins({ world });
    const folder = mkdtempSync(join(tmpdir(), 'ci-parity-print-'));
    try {
      const url = `${jenkins.base}job/evil/`;
      const none = { JENKINS_USER: undefined, JENKINS_TOKEN: undefined, JENKINS_URL: undefined };
      const env = { ...process.env, ...none, XDG_STATE_HOME: join(folder, 'state') };
      for (const words of [
        ['runs', url],
        ['failures', url],
        ['explain', `${url}7/`],
        ['explain', '--json', `${url}7/`],
        ['runs', '--json', url],
        ['reproduce', `${url}7/`],
      ]) {
        const done = await new Promise<string>((resolve) => {
          execFile(
            program[0] ?? '',
            [...program.slice(1), ...words],
            { env, cwd: folder },
            (_error, stdout, stderr) => resolve(stdout + stderr),
          );
        });
        assert.notEqual(done, '');
        harmless(done);
        assert.doesNotMatch(done, /^▸ reproduced/m);
      }
    } finally {
      await jenkins.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('comes from one place: nothing else in the program writes to standard output or error', () => {
    const src = fileURLToPath(new URL('../../src', import.meta.url));
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const writing = files.filter((file) =>
      /\bconsole\.\w+\(|process\.(stdout|stderr)\b|\b(stdout|stderr)\.write\(/.test(
        readFileSync(join(src, file), 'utf8'),
      ),
    );
    assert.deepEqual(writing, ['cli/terminal.ts']);
  });
});
