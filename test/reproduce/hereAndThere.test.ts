import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Cleanups } from '../../src/base/cleanups';
import { LABEL } from '../../src/machines/docker';
import { enter, thisProcess, whoWeAre } from '../../src/machines/leases/ledger';
import type { Recipe } from '../../src/recipe/recipe';
import { sweep } from '../../src/reproduce/putAway';
import { listReproductions, readReproduction } from '../../src/reproduce/store';
import {
  farPodmanMissing,
  LIMITS,
  podmanInside,
  SMALL_IMAGE,
  smallImageHere,
} from '../bed/farPodman';
import { isolatedSshdMissing, startSshd, type Sshd } from '../bed/sshd';
import { podmanBed } from '../bed/vagrant/vagrant';
import { without } from '../bed/without';
import { addressOf } from '../machines/ssh/far';
import { CONTAINERS, inDocker, STEPS } from './samePipelines';
import {
  killedWhenReady,
  openWorkshop,
  printed,
  type Person,
  type Seen,
  type Workshop,
  interruptsWhenReady,
} from './workshop';

const LEASE = 'abcdef012345';
const FAR_WORKSPACES = '/root/.cache/ci-parity/lent';
const NEVER = new AbortController().signal;

/** The same pipelines on this machine and on one that is reached by SSH. */
describe('Here and there', function () {
  this.timeout('2m');
  const cleanups = new Cleanups();
  let host: Sshd;
  let shop: Workshop;
  let base: Record<string, string>;

  before(async function () {
    const missing = (await isolatedSshdMissing()) ?? farPodmanMissing();
    if (missing !== undefined) return without(this, missing);
    const bed = await podmanBed(NEVER);
    if ('missing' in bed) return without(this, bed.missing);
    base = { PATH: bed.env['PATH'] ?? '' };
    const image = await smallImageHere();
    cleanups.defer(async () => image[Symbol.asyncDispose]());
    host = await startSshd({ firstBoot: podmanInside() });
    cleanups.defer(async () => host[Symbol.asyncDispose]());
    assert.match(await host.inside('docker images'), /ci-parity-small/, host.log.join('\n'));
  });
  after(() => cleanups[Symbol.asyncDispose]());
  beforeEach(async () => {
    shop = openWorkshop();
    const soon = Date.now() + 3_600_000;
    await enter(join(shop.root, 'state', 'ci-parity'), {
      version: 1,
      ...{ id: LEASE, state: { kind: 'ready', ssh: addressOf(host) }, work: [] },
      ...{ lender: 'lab', title: 'bench', handle: {}, askedAt: Date.now(), end: soon, until: soon },
      owner: { who: whoWeAre(), process: thisProcess() },
    });
  });
  afterEach(() => shop[Symbol.dispose]());

  const there = (recipe: Recipe): Recipe => ({ ...recipe, on: { lease: LEASE } });
  const farContainers = (id: string) =>
    host.inside(`docker ps -a --filter label=${LABEL}=${id} --format '{{.Names}}'`);
  const leavesNothing = async ({ files }: Seen): Promise<void> => {
    assert.deepEqual(readReproduction(files.id).made, []);
    assert.equal(await farContainers(files.id), '');
    assert.equal(await host.inside(`ls -A ${FAR_WORKSPACES} /tmp`), `${FAR_WORKSPACES}:\n\n/tmp:`);
    const images = (await host.inside("docker images --format '{{.Repository}}'")).split('\n');
    assert.deepEqual(images, ['localhost/ci-parity-small']);
  };
  /** Without the paths and names that differ from one reproduction to the other. */
  const alike = ({ output, files, verdict }: Seen, workspaces: string, sorted = false) => {
    const lines = printed(output).map((line) =>
      line
        .replaceAll(`${workspaces}/${files.id}`, 'WORK')
        .replaceAll(files.id.toLowerCase(), 'ID')
        .replaceAll(files.id, 'ID')
        .replaceAll(/\b[0-9a-f]{11,64}\b/g, 'HEX'),
    );
    return {
      verdict: JSON.parse(JSON.stringify(verdict).replaceAll(LEASE, 'this machine')) as unknown,
      lines: sorted ? lines.sort() : lines,
    };
  };

  for (const row of [...STEPS, ...CONTAINERS])
    it(`come to the same: ${row.what}`, async () => {
      const { jenkinsfile, files = {}, sorted, secrets, answer } = row;
      shop.commit(files);
      const person: Person = { base, ...(secrets && { secrets }), ...(answer && { answer }) };
      const here = await shop.run(jenkinsfile, person);
      const far = await shop.run(jenkinsfile, { ...person, recipe: there });
      const at = join(shop.root, 'state/ci-parity/workspaces');
      const [mine, theirs] = [alike(here, at, sorted), alike(far, FAR_WORKSPACES, sorted)];
      assert.deepEqual(theirs, mine, far.said);
      assert.match(`\n${theirs.lines.join('\n')}\n`, row.prints, far.output + far.said);
      assert.match(far.verdict.sentence, row.verdict);
      await leavesNothing(far);
    });

  it('end what runs in a container when the person interrupts, and run post in it', async () => {
    const seen = await shop.run(
      `pipeline { agent { docker { image '${SMALL_IMAGE}'; args '${LIMITS}' } }
  stages { stage('S') { steps { sh 'trap "echo asked; exit 1" INT; echo ready; while :; do sleep 0.1 || :; done' } } }
  post { always { sh 'echo post' } } }
`,
      {
        recipe: there,
        ...interruptsWhenReady(),
      },
    );
    assert.equal(seen.verdict.kind, 'cancelled');
    assert.match(seen.output, /\nasked\n[^]*\npost\n$/);
    await leavesNothing(seen);
  });

  it('keep secrets out of what docker writes down', async () => {
    let asked = false;
    let inspecting: Promise<string> = Promise.resolve('');
    const seen = await shop.run(
      `pipeline { agent { docker { image '${SMALL_IMAGE}'; args '${LIMITS}' } }
  environment { X = credentials('x'); PLAIN = 'plain-value' }
  stages { stage('S') { steps { sh 'mkfifo go; echo "\${#X} of $PLAIN"; read -r go < go' } } } }
`,
      {
        recipe: there,
        secrets: { x: { kind: 'text', text: 'c4nary-in-docker' } },
        watch: ({ output }, { id }) => {
          if (asked || !output.includes('\n16 of plain-value')) return;
          asked = true;
          inspecting = host.inside(
            `docker inspect $(docker ps -q --filter label=${LABEL}=${id}); echo > ${FAR_WORKSPACES}/${id}/go`,
          );
        },
      },
    );
    assert.match(seen.output, /16 of plain-value/);
    const inspected = await inspecting;
    assert.match(inspected, /plain-value/);
    assert.doesNotMatch(inspected, /c4nary/);
    await leavesNothing(seen);
  });

  it('are put away, containers too, by the next program when their own is killed', async () => {
    const stage = `sh 'trap "" INT TERM; echo ready; while :; do sleep 1; done'`;
    shop.commit({ Jenkinsfile: inDocker(stage) });
    await killedWhenReady(join(shop.repository, 'Jenkinsfile'), LEASE);
    const [{ files } = assert.fail('there is none')] = listReproductions();
    assert.notEqual(await farContainers(files.id), '');
    assert.deepEqual(await sweep({}, () => undefined, NEVER), [{ id: files.id, left: [] }]);
    assert.equal(await farContainers(files.id), '');
    assert.deepEqual(readReproduction(files.id).made, []);
  });
});
