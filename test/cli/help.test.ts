import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { helpOf } from '../../src/cli/help';
import { ciliumWorld } from '../bed/jenkins/cilium';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';
import { program } from './program';

const PIPELINE = `pipeline {
  agent any
  environment { COLOUR = 'red' }
  stages {
    stage('Build') { steps { sh 'exit 4' } }
    stage('Tell') { steps { mail to: 'ada@example.org', subject: 'done', body: 'done' } }
  }
}
`;

describe('ci-parity help', () => {
  it('has a page for each command that it names', () => {
    const general = helpOf(undefined);
    const commands = [...general.matchAll(/^ {2}ci-parity (\w+)/gm)].map(([, name]) => name ?? '');
    assert.ok(commands.length > 15);
    for (const command of commands)
      assert.match(helpOf(command), new RegExp(`^ci-parity ${command}\\b`));
  });

  describe('names all that is said in JSON', function () {
    this.timeout('60s');
    let root: string;
    let clone: string;
    let jenkins: JenkinsDouble;
    before(async () => {
      root = mkdtempSync(join(tmpdir(), 'ci-parity-help-'));
      clone = join(root, 'clone');
      mkdirSync(clone);
      writeFileSync(join(clone, 'Jenkinsfile'), PIPELINE);
      const git = (...words: string[]): unknown =>
        execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...words], {
          cwd: clone,
        });
      git('init', '-q');
      git('add', '-A');
      git('commit', '-q', '-m', 'change');
      const commits = { broken: 'b'.repeat(40), mended: 'd'.repeat(40) };
      jenkins = await startJenkins({
        world: ciliumWorld({ commits, originUrl: 'https://host/x.git' }),
      });
    });
    after(async () => {
      await jenkins.close();
      rmSync(root, { recursive: true, force: true });
    });

    function ciParity(...words: string[]): Promise<Record<string, unknown>[]> {
      const [node = '', ...args] = program;
      const nobody = { JENKINS_USER: undefined, JENKINS_TOKEN: undefined };
      const ours = { XDG_STATE_HOME: join(root, 'state'), XDG_CONFIG_HOME: root };
      const env = { ...process.env, ...nobody, ...ours };
      return new Promise((resolve) => {
        execFile(node, [...args, ...words, '--json'], { cwd: clone, env }, (_error, output) => {
          const lines = output.split('\n').filter((line) => line !== '');
          resolve(lines.map((line) => JSON.parse(line) as Record<string, unknown>));
        });
      });
    }

    function held(command: string, said: readonly Record<string, unknown>[]): void {
      const page = helpOf(command);
      for (const one of said)
        for (const key of Object.keys(one))
          assert.ok(page.includes(`"${key}"`), `help ${command} does not name "${key}"`);
    }

    it('by runs, failures and explain', async () => {
      const job = `${jenkins.base}job/networking/job/cilium/job/master/`;
      for (const words of [
        ['runs', job],
        ['failures', job],
        ['explain', `${job}42/`],
      ]) {
        const said = await ciParity(...words);
        assert.ok(said.length > 0, words[0]);
        held(words[0] ?? '', said);
      }
    });

    it('by plan, outline and lint', async () => {
      for (const command of ['plan', 'outline', 'lint']) {
        const [one, ...more] = await ciParity(command, 'Jenkinsfile');
        assert.ok(one && more.length === 0);
        held(command, [one]);
        if (command === 'plan') held(command, [one['plan'] as Record<string, unknown>]);
      }
    });

    it('by reproduce, in each of its events; by list and show', async () => {
      const events = await ciParity('reproduce', 'Jenkinsfile');
      const types = events.map(({ type }) => type);
      for (const type of ['started', 'stage', 'step', 'exit', 'verdict', 'ended'])
        assert.ok(types.includes(type), type);
      const page = helpOf('reproduce');
      for (const event of events) {
        // What is made and gone is our own bookkeeping.
        if (event['type'] === 'intent' || event['type'] === 'gone') continue;
        const line = page
          .split('\n')
          .find((one) => one.includes(`"type": "${String(event['type'])}"`));
        for (const key of Object.keys(event).filter((one) => one !== 'at'))
          assert.ok(line?.includes(`"${key}"`), `${String(event['type'])}: ${key}`);
      }
      const [listed] = await ciParity('list');
      const [shown] = await ciParity('show', String(listed?.['id']));
      assert.deepEqual(shown, listed);
      held('show', [shown ?? {}]);
      assert.equal((shown?.['verdict'] as { kind: string }).kind, 'failed');
    });
  });
});
