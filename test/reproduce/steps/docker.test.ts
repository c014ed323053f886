import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { LABEL } from '../../../src/machines/docker';
import { openJournal } from '../../../src/reproduce/journal';
import { sweep } from '../../../src/reproduce/putAway';
import { createReproduction, readReproduction } from '../../../src/reproduce/store';
import { podmanBed } from '../../bed/vagrant/vagrant';
import { recipeFor } from '../recipes';
import { interruptsWhenReady, openWorkshop, printed, type Workshop } from '../workshop';
import { without } from '../../bed/without';

/** On real containers, by the bed's podman and its local image. */
describe('Steps in containers', function () {
  this.timeout('2m');
  let shop: Workshop;
  let base: Record<string, string>;
  let image: string;
  // The bed's runtime wants its limits to be told.
  const limits = '--ulimit nofile=1024:1024 --ulimit nproc=1024:1024';

  before(async function () {
    const bed = await podmanBed(new AbortController().signal);
    if ('missing' in bed) return without(this, bed.missing);
    base = { PATH: bed.env['PATH'] ?? '' };
    const format = '{{.Repository}}:{{.Tag}}';
    image = docker('images', '--format', format, 'localhost/ci-parity-bed').split('\n')[0] ?? '';
  });
  beforeEach(() => (shop = openWorkshop()));
  afterEach(() => shop[Symbol.dispose]());

  const docker = (...args: string[]): string =>
    execFileSync('docker', args, { env: { ...process.env, ...base }, encoding: 'utf8' }).trim();
  const containers = (id: string): string =>
    docker('ps', '-a', '--filter', `label=${LABEL}=${id}`, '--format', '{{.Names}}');
  const run = (jenkinsfile: string, person: Parameters<Workshop['run']>[1] = {}) =>
    shop.run(jenkinsfile, { ...person, base });

  it('of an agent see the workspace, its git and their environment, and nothing is left', async () => {
    const { verdict, output, files, events } = await run(
      `pipeline {
  agent { docker { image '${image}'; args '${limits}' } }
  environment { GREETING = 'hello' }
  stages {
    stage('Inside') {
      steps {
        sh 'cat /etc/hostname; echo "$GREETING $WORKSPACE"; pwd; git log --format=%s || echo no git; touch made'
        withCredentials([string(credentialsId: 'x', variable: 'X')]) { sh 'echo "<$X> of \${#X}"' }
        script {
          def out = sh(script: 'echo captured; echo noise >&2', returnStdout: true)
          echo "got \${out.trim()}"
          writeFile file: 'w', text: 'from outside'
        }
        sh 'cat w; exit 5'
      }
    }
  }
}
`,
      { secrets: { x: { kind: 'text', text: 'c4nary' } } },
    );
    assert.equal(verdict.sentence, 'failed: Inside failed with exit code 5', output);
    assert.match(output, new RegExp(`\nhello ${files.workspace}\n`));
    assert.match(output, /\n<\*\*\*\*> of 6\n/);
    assert.match(output, /\ngot captured\n/);
    assert.match(output, /\nfrom outside/);
    assert.ok(!output.includes('hostname of the host'));
    assert.equal(containers(files.id), '');
    assert.deepEqual(readReproduction(files.id).made, []);
    assert.deepEqual(readdirSync(dirname(files.workspace)), []);
    assert.ok(events.some((event) => event.type === 'intent' && event.what === 'container'));
  });

  it('of docker.image(…).inside run there, and only its body does', async () => {
    const { output, verdict } = await run(`node {
  docker.image('${image}').inside('${limits}') { sh 'echo "in \$(hostname)"' }
  sh 'echo "out \$(hostname)"'
}
`);
    assert.equal(verdict.sentence, 'passed: every stage passed', output);
    const [, inside] = /\nin (\S+)/.exec(output) ?? [];
    const [, outside] = /\nout (\S+)/.exec(output) ?? [];
    assert.notEqual(inside, outside);
  });

  it('are ended in there when the person interrupts', async () => {
    const { verdict, files, output } = await run(
      `pipeline {
  agent { docker { image '${image}'; args '${limits}' } }
  stages { stage('S') { steps { sh 'trap "echo asked; exit 1" INT; echo ready; while :; do sleep 0.1; done' } } }
  post { always { sh 'echo post' } }
}
`,
      {
        ...interruptsWhenReady(),
      },
    );
    assert.equal(verdict.kind, 'cancelled');
    assert.match(output, /\nasked\n/);
    assert.match(output, /\npost\n$/);
    assert.equal(containers(files.id), '');
  });

  it('withRun has a container beside the steps, which is gone afterwards', async () => {
    const { output, files, verdict } = await run(`node {
  docker.image('${image}').withRun('${limits}', 'sleep 300') { c -> sh "echo id \${c.id.length()}" }
}
`);
    assert.equal(verdict.kind, 'passed', output);
    assert.match(output, /\nid 64\n/);
    assert.equal(containers(files.id), '');
    assert.deepEqual(readReproduction(files.id).made, []);
  });

  it('of a Dockerfile’s image are built from the repository, and the image goes with the container', async () => {
    shop.commit({ 'ci/Dockerfile': `FROM ${image}\nARG FROM_CI\nENV MADE=$FROM_CI\n` });
    const { output, files, verdict } = await run(
      `pipeline {
  agent { dockerfile { dir 'ci'; additionalBuildArgs '--build-arg FROM_CI=yes'; args '${limits}' } }
  stages { stage('S') { steps { sh 'echo "made $MADE"' } } }
}
`,
    );
    assert.equal(verdict.kind, 'passed', output);
    assert.match(output, /\nmade yes\n/);
    assert.equal(containers(files.id), '');
    assert.doesNotMatch(docker('images'), new RegExp(files.id));
    assert.deepEqual(readReproduction(files.id).made, []);
  });

  it('can be of an image that the Jenkinsfile builds and tags, which goes at the end', async () => {
    shop.commit({ 'ci/Dockerfile': `FROM ${image}\nENV MADE=here\n` });
    const { output, verdict, files } = await run(`node {
  checkout scm
  def built = docker.build('ci-parity-test-image:1', 'ci')
  built.inside('${limits}') { sh 'echo "made $MADE"' }
  built.tag('two')
  def side = docker.image('ci-parity-test-image:two').run('${limits}', 'sleep 300')
  sh 'echo beside'
  side.stop()
}
`);
    assert.equal(verdict.sentence, 'passed: every stage passed', output);
    assert.match(output, /\nmade here\n/);
    assert.doesNotMatch(docker('images'), /ci-parity-test-image/);
    assert.equal(containers(files.id), '');
    assert.deepEqual(readReproduction(files.id).made, []);
  });

  it('sign in to a registry in a place of their own, and fail as Jenkins does if they cannot', async () => {
    const { verdict, output, said, files } = await run(
      "node { stage('S') { docker.withRegistry('http://localhost:1', 'login') { sh 'echo never' } } }",
      { secrets: { login: { kind: 'login', username: 'ada', password: 'c4nary-registry' } } },
    );
    assert.equal(verdict.kind, 'failed', output + said);
    assert.doesNotMatch(output, /never/);
    assert.deepEqual(readReproduction(files.id).made, []);
  });

  it('that a killed program left are swept', async () => {
    shop.commit({ Jenkinsfile: '' });
    const commit = shop.git('rev-parse', 'HEAD').trim();
    const repository = { directory: shop.repository, remoteUrl: undefined };
    const files = createReproduction(recipeFor({ repository, commit }));
    const name = `ci-parity-${files.id}-1`;
    {
      using journal = openJournal(files.journal);
      journal.append({ type: 'started', version: 1, pid: 1, bornAt: 'long ago' });
      journal.append({ type: 'intent', what: 'container', where: name });
      const label = `${LABEL}=${files.id}`;
      const words = [...limits.split(' '), '--name', name, '--label', label, image, 'cat'];
      docker('run', '-t', '-d', ...words);
    }
    assert.equal(containers(files.id), name);
    const swept = await sweep(base, () => undefined, new AbortController().signal);
    assert.deepEqual(swept, [{ id: files.id, left: [] }]);
    assert.equal(containers(files.id), '');
    assert.deepEqual(readReproduction(files.id).made, []);
  });

  it('keep secrets out of what docker writes down of them', async () => {
    let inspected = '';
    const { verdict, output } = await run(
      `pipeline {
  agent { docker { image '${image}'; args '${limits}' } }
  environment { X = credentials('x'); PLAIN = 'plain-value' }
  stages { stage('S') { steps { sh 'echo "\${#X} of $PLAIN"' } } }
}
`,
      {
        secrets: { x: { kind: 'text', text: 'c4nary-in-docker' } },
        watch: ({ event }, files) => {
          if (event?.type === 'exit') inspected = docker('inspect', containers(files.id));
        },
      },
    );
    assert.equal(verdict.kind, 'passed', output);
    assert.match(output, /\n16 of plain-value\n/);
    assert.match(inspected, /plain-value/);
    assert.doesNotMatch(inspected, /c4nary/);
  });

  it('are stopped before the beginning where no docker is', async () => {
    const path = '/usr/bin/nowhere';
    const { verdict, output } = await shop.run(
      `pipeline { agent { docker 'x:1' }\n stages { stage('S') { steps { sh 'true' } } } }`,
      { base: { PATH: path } },
    );
    assert.match(verdict.sentence, /^could not run: .*neither docker nor podman/);
    assert.equal(printed(output).length, 0);
    assert.equal(existsSync(path), false);
  });

  it('of a Kubernetes pod run on this machine, and the verdict says so itself', async () => {
    const { verdict, said } = await run(
      `pipeline { agent { kubernetes { yaml 'x' } }\n stages { stage('S') { steps { container('go') { sh 'exit 3' } } } } }`,
    );
    assert.match(said, /line 1 wants a Kubernetes pod: its steps ran on this machine/);
    assert.match(verdict.sentence, /\(not as CI ran it, see below\)$/);
    assert.match(
      verdict.details.join('\n'),
      /container at line 2 was left out: there is no pod here/,
    );
  });
});
