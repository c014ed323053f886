import assert from 'node:assert/strict';
import { isUserError } from '../../src/base/errors';
import { connect, type Client } from '../../src/jenkins/client';
import type { Queued } from '../../src/jenkins/follow';
import type { ConnectOptions } from '../../src/jenkins/http';
import { isOffered, type ParameterValue } from '../../src/jenkins/parameters';
import type { QueueItem } from '../../src/jenkins/queue';
import type { Run } from '../../src/jenkins/run';
import { startJenkins, type JenkinsDouble, type JenkinsOptions } from '../bed/jenkins/double';
import type { DefinitionSpec, JobSpec } from '../bed/jenkins/world';

const { signal } = new AbortController();
const users = {
  ada: { token: 't0ken', password: 'pass', replay: true },
  eve: { token: 't0ken' },
  bob: { token: 't0ken', build: false, cancel: false },
};
const EVE = { user: 'eve', token: 't0ken' };
const ADA = { user: 'ada', token: 't0ken' };
const BOB = { user: 'bob', token: 't0ken' };

const DEFINITIONS: readonly DefinitionSpec[] = [
  { name: 'TARGET', kind: 'Choice', choices: ['all', 'unit'], description: '<b>What</b> to test' },
  { name: 'MEMORY', kind: 'String', default: '4096' },
  { name: 'NOTES', kind: 'Text', default: 'one\ntwo' },
  { name: 'CLEAN', kind: 'Boolean', default: true },
  { name: 'TOKEN', kind: 'Password', default: 'secret' },
  { name: 'BASE', kind: 'Run', project: 'base', default: 'base#3' },
  { name: 'PATCH', kind: 'File' },
];

const JOBS: readonly JobSpec[] = [
  { name: 'plain', runs: [{ number: 7, result: 'SUCCESS' }] },
  { name: 'asking', definitions: DEFINITIONS },
  { name: 'off', disabled: true },
  {
    name: 'team',
    kind: 'folder',
    jobs: [
      {
        name: 'feature%2Fx',
        runs: [
          { number: 41, result: 'SUCCESS', script: 'node { }' },
          {
            number: 42,
            result: 'FAILURE',
            script: 'pipeline { }',
            restartable: ['Build', 'Test'],
            parameters: [{ name: 'MEMORY', value: '1' }],
          },
          { number: 43, building: true, script: 'pipeline { }', restartable: [] },
        ],
      },
    ],
  },
];

interface Place {
  readonly jenkins: JenkinsDouble;
  readonly client: Client;
  readonly url: (job: string) => string;
  readonly run: (number: number) => Promise<Run>;
}

/** A client at the double, whose configured root URL is another than the one that is asked. */
async function at(
  test: (place: Place) => Promise<void>,
  connection: Partial<ConnectOptions> = ADA,
  options: Partial<JenkinsOptions> = {},
): Promise<void> {
  const rootUrl = 'https://configured.example/jenkins/';
  await using jenkins = await startJenkins({ world: { jobs: JOBS }, users, rootUrl, ...options });
  using client = connect({ base: jenkins.base, pollInterval: 5, ...connection });
  const url = (job: string) => `${jenkins.base}job/${job}/`;
  const branch = url('team/job/feature%252Fx');
  await test({ jenkins, client, url, run: (number) => client.run(`${branch}${number}/`, signal) });
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  );
  // What carries it out is a bundle of its own, with a JenkinsError of its own.
  assert.ok(isUserError(error) && 'kind' in error, String(error));
  return `${String(error.kind)}: ${error.message} ${error.advice ?? ''}`;
}

const quiet = (): void => undefined;

describe('building', () => {
  it('tells what a job asks for, with kinds and defaults', () =>
    at(async ({ client, url }) => {
      const { buildable, parameters } = await client.doing.form(url('asking'), signal);
      assert.equal(buildable, true);
      assert.deepEqual(
        parameters.map(({ name, kind, ...rest }) => [
          name,
          kind,
          'initial' in rest && rest.initial,
        ]),
        [
          ['TARGET', 'choice', 'all'],
          ['MEMORY', 'text', '4096'],
          ['NOTES', 'text', 'one\ntwo'],
          ['CLEAN', 'boolean', true],
          ['TOKEN', 'password', false],
          ['BASE', 'run', 'base#3'],
          ['PATCH', 'file', false],
        ],
      );
      assert.doesNotMatch(JSON.stringify(parameters), /secret/);
      assert.equal(parameters[0]?.description, '<b>What</b> to test');
      assert.deepEqual((await client.doing.form(url('plain'), signal)).parameters, []);
      assert.equal((await client.doing.form(url('off'), signal)).buildable, false);
    }));

  it('tells which runs Jenkins offers for a parameter', async () => {
    const filters = [undefined, 'COMPLETED', 'SUCCESSFUL', 'STABLE'] as const;
    const definitions = filters.map((filter): DefinitionSpec => {
      const common = { name: filter ?? 'ANY', kind: 'Run' as const, project: 'base' };
      return filter === undefined ? common : { ...common, filter };
    });
    const ends = [undefined, 'FAILURE', 'UNSTABLE', 'SUCCESS'] as const;
    await at(
      async ({ client, url }) => {
        const { parameters } = await client.doing.form(url('picky'), signal);
        const offered = parameters.map((parameter) =>
          parameter.kind === 'run'
            ? ends.filter((result) =>
                isOffered({ building: result === undefined, result }, parameter.offered),
              )
            : [],
        );
        assert.deepEqual(offered, [ends, ends.slice(1), ends.slice(2), ends.slice(3)]);
      },
      ADA,
      { world: { jobs: [{ name: 'picky', definitions }] } },
    );
  });

  it('puts a run into the queue, on the address that the user typed', () =>
    at(async ({ jenkins, client, url }) => {
      const queued = await client.doing.build(url('plain'), undefined, signal);
      assert.ok(queued.kind === 'item' && queued.url.startsWith(`${jenkins.base}queue/item/`));
      assert.deepEqual(await client.doing.follow(queued, quiet, signal), {
        kind: 'started',
        run: { number: 8, url: `${url('plain')}8/` },
      });
      assert.deepEqual(jenkins.run('plain', 8).causes, ['Started by user ada']);
    }));

  it('sends the values, and leaves what is left out to the server', () =>
    at(async ({ jenkins, client, url }) => {
      const values = new Map<string, string | boolean>([
        ['TARGET', 'unit'],
        ['NOTES', 'a & b\nü = 100 %'],
        ['CLEAN', false],
      ]);
      await client.doing.build(url('asking'), values, signal);
      assert.deepEqual(
        jenkins.run('asking', 1).parameters?.map(({ name, value }) => [name, value]),
        [
          ['TARGET', 'unit'],
          ['MEMORY', '4096'],
          ['NOTES', 'a & b\nü = 100 %'],
          ['CLEAN', false],
          ['TOKEN', 'secret'],
          ['BASE', 'base#3'],
        ],
      );
    }));

  it('sends files beside the values, whatever is in them, and leaves the rest to the server', () =>
    at(async ({ jenkins, client, url }) => {
      const content = Buffer.from([0, 255, ...Buffer.from('\r\n--x\r\n--ü'), 13, 10]);
      const values = new Map<string, ParameterValue>([
        ['NOTES', 'a & b\nü "=" 100 %'],
        ['CLEAN', false],
        ['PATCH', { fileName: 'für "b".patch', content }],
      ]);
      await client.doing.build(url('asking'), values, signal);
      const { parameters } = jenkins.run('asking', 1);
      assert.deepEqual(
        parameters?.map(({ name, value }) => [name, value]),
        [
          ['TARGET', 'all'],
          ['MEMORY', '4096'],
          ['NOTES', 'a & b\nü "=" 100 %'],
          ['CLEAN', false],
          ['TOKEN', 'secret'],
          ['BASE', 'base#3'],
          ['PATCH', undefined],
        ],
      );
      assert.deepEqual(parameters.at(-1)?.file, { name: 'für %22b%22.patch', content });
      const run = await client.run(`${url('asking')}1/`, signal);
      assert.deepEqual((await client.doing.parameters(run, signal)).at(-1)?.value, undefined);
    }));

  it('sends a large file with a crumb that was fetched before it', () =>
    at(
      async ({ jenkins, client, url }) => {
        const content = Buffer.alloc(5_000_000, 'abc');
        const values = new Map([['PATCH', { fileName: 'fix.patch', content }]]);
        await client.doing.build(url('asking'), values, signal);
        assert.ok(jenkins.run('asking', 1).parameters?.at(-1)?.file?.content.equals(content));
        assert.deepEqual(
          jenkins.requests.map(({ method, path }) => `${method} ${path}`).slice(-2),
          ['GET /jenkins/crumbIssuer/api/json', 'POST /jenkins/job/asking/buildWithParameters'],
        );
      },
      { user: 'ada', token: 'pass' },
    ));

  it('sends a large file where crumbs are switched off', () =>
    at(async ({ jenkins, client, url }) => {
      jenkins.fault(/crumbIssuer/, '404');
      const values = new Map([['PATCH', { fileName: 'a', content: Buffer.alloc(100_000) }]]);
      await client.doing.build(url('asking'), values, signal);
      assert.equal(jenkins.run('asking', 1).parameters?.at(-1)?.file?.content.length, 100_000);
    }));

  it('finds the same that waits already', () =>
    at(
      async ({ client, url }) => {
        const first = await client.doing.build(url('asking'), new Map(), signal);
        assert.deepEqual(await client.doing.build(url('asking'), new Map(), signal), first);
        assert.equal((await client.queue(url('asking'), signal)).length, 1);
      },
      ADA,
      { waits: true },
    ));

  it('brings a crumb where a password was given', () =>
    at(
      async ({ jenkins, client, url }) => {
        await client.doing.build(url('plain'), undefined, signal);
        assert.equal(jenkins.queue.length, 1);
      },
      { user: 'ada', token: 'pass' },
    ));

  it('is refused with the name of the permission that is missing', async () => {
    await at(async ({ client, url }) => {
      const words = await refusal(client.doing.build(url('plain'), undefined, signal));
      assert.match(
        words,
        /^forbidden: .* does not allow your user to build this job\..* Job\/Build\./,
      );
    }, BOB);
    await at(
      async ({ client, url }) => {
        const words = await refusal(client.doing.build(url('plain'), undefined, signal));
        assert.match(
          words,
          /^sign-in: .* nobody build this job who has not signed in\. .*Job\/Build/,
        );
      },
      { user: undefined, token: undefined },
    );
  });

  it('of a job that is disabled says so', () =>
    at(async ({ client, url }) => {
      const words = await refusal(client.doing.build(url('off'), undefined, signal));
      assert.match(words, /cannot build this job now\. The job may be disabled/);
    }));

  it('says that the server takes nothing into its queue', () =>
    at(
      async ({ client, url }) => {
        const words = await refusal(client.doing.build(url('plain'), undefined, signal));
        assert.match(words, /did not take the run into its queue\. .*about to shut down/);
      },
      ADA,
      { quietingDown: true },
    ));

  it('does not take the way to a login page for success', () =>
    at(async ({ jenkins, client, url }) => {
      jenkins.fault(/build$/, 'login-redirect');
      assert.match(await refusal(client.doing.build(url('plain'), undefined, signal)), /^sign-in:/);
      jenkins.fault(/stop$/, 'redirect');
      const run = await client.run(`${url('plain')}7/`, signal);
      assert.match(await refusal(client.doing.stop(run, 'stop', signal)), /^redirect:/);
    }));

  it('tells the parameters of a run with what is the run of another job', () =>
    at(async ({ client, url }) => {
      await client.doing.build(url('asking'), new Map([['MEMORY', '1']]), signal);
      const run = await client.run(`${url('asking')}1/`, signal);
      const told = await client.doing.parameters(run, signal);
      assert.deepEqual(
        told.map(({ name, value }) => [name, value]),
        [
          ['TARGET', 'all'],
          ['MEMORY', '1'],
          ['NOTES', 'one\ntwo'],
          ['CLEAN', true],
          ['TOKEN', undefined],
          ['BASE', 'base#3'],
        ],
      );
    }));
});

describe('the queue of a server', () => {
  it('is that of a job, or of all below a folder', () =>
    at(
      async ({ jenkins, client, url }) => {
        jenkins.enqueue('plain', { why: 'In the quiet period.', stuck: true });
        jenkins.enqueue('team/feature%2Fx', { partOf: 43 });
        const [own] = await client.queue(url('plain'), signal);
        assert.deepEqual(
          [own?.why, own?.stuck, own?.partOf],
          ['In the quiet period.', true, undefined],
        );
        const [part] = await client.queue(url('team'), signal);
        assert.deepEqual([part?.jobUrl, part?.partOf], [url('team/job/feature%252Fx'), 43]);
        assert.equal((await client.queue(jenkins.base, signal)).length, 2);
        assert.deepEqual(await client.queue(url('off'), signal), []);
      },
      ADA,
      { waits: true },
    ));

  it('is followed, with why a run waits, until the run begins', () =>
    at(
      async ({ jenkins, client, url }) => {
        const queued = await client.doing.build(url('plain'), undefined, signal);
        const whys: (string | undefined)[] = [];
        const told = ({ why }: QueueItem): void => {
          if (whys.at(-1) !== why) whys.push(why);
          const [item] = jenkins.queue;
          assert.ok(item);
          if (whys.length === 1) item.why = 'Build #7 is already in progress';
          else if (whys.length === 2) jenkins.start();
        };
        const outcome = await client.doing.follow(queued, told, signal);
        assert.equal(outcome.kind, 'started');
        assert.deepEqual(whys, [
          'Waiting for next available executor',
          'Build #7 is already in progress',
          undefined,
        ]);
      },
      ADA,
      { waits: true },
    ));

  it('is followed over a look that fails, but not for ever', () =>
    at(
      async ({ jenkins, client, url }) => {
        const queued = await client.doing.build(url('plain'), undefined, signal);
        const trouble = jenkins.fault(/queue/, '500');
        const healed = jenkins.requests.length + 3;
        const told = ({ state }: QueueItem): void => {
          if (state.kind === 'waiting') jenkins.start();
        };
        const following = client.doing.follow(queued, told, signal);
        while (jenkins.requests.length < healed) await new Promise((done) => setImmediate(done));
        trouble[Symbol.dispose]();
        assert.equal((await following).kind, 'started');
        jenkins.fault(/queue/, 'reset');
        assert.match(await refusal(client.doing.follow(queued, quiet, signal)), /^network:/);
      },
      ADA,
      { waits: true },
    ));

  it('tells that what was followed was cancelled, or is known no more', () =>
    at(
      async ({ jenkins, client, url }) => {
        const queued = await client.doing.build(url('plain'), undefined, signal);
        const [item] = jenkins.queue;
        assert.ok(item);
        item.state = 'cancelled';
        assert.deepEqual(await client.doing.follow(queued, quiet, signal), { kind: 'cancelled' });
        jenkins.forget(item.id);
        assert.deepEqual(await client.doing.follow(queued, quiet, signal), { kind: 'gone' });
      },
      ADA,
      { waits: true },
    ));

  it('is followed no longer than the signal says', () =>
    at(
      async ({ client, url }) => {
        const queued = await client.doing.build(url('plain'), undefined, signal);
        const leaving = new AbortController();
        const following = client.doing.follow(queued, () => leaving.abort(), leaving.signal);
        await assert.rejects(following, { name: 'AbortError' });
      },
      ADA,
      { waits: true },
    ));

  it('lets go of an item, and tells what has become of it', () =>
    at(
      async ({ jenkins, client }) => {
        const { id } = jenkins.enqueue('plain');
        const [item] = await client.queue(jenkins.base, signal);
        assert.ok(item);
        assert.equal((await client.doing.cancel(item, signal))?.state.kind, 'cancelled');
        // A second time, too, and when it has begun in the meantime.
        assert.equal((await client.doing.cancel(item, signal))?.state.kind, 'cancelled');
        jenkins.forget(id);
        assert.equal(await client.doing.cancel(item, signal), undefined);
        const next = jenkins.enqueue('plain');
        jenkins.start(next.id);
        const begun = { id: next.id, url: `${jenkins.base}queue/item/${next.id}/` };
        assert.equal((await client.doing.cancel(begun, signal))?.state.kind, 'started');
      },
      ADA,
      { waits: true },
    ));

  it('keeps an item of those who may not take it out', () =>
    at(
      async ({ jenkins, client }) => {
        jenkins.enqueue('plain');
        const [item] = await client.queue(jenkins.base, signal);
        assert.ok(item);
        assert.match(await refusal(client.doing.cancel(item, signal)), /Job\/Cancel/);
        assert.equal(jenkins.queue[0]?.state, 'waiting');
      },
      BOB,
      { waits: true },
    ));
});

describe('stopping', () => {
  it('ends a run, and tells how', () =>
    at(async ({ client, run }) => {
      await client.doing.stop(await run(43), 'stop', signal);
      assert.equal(await client.doing.awaitEnd(await run(43), signal), 'ABORTED');
    }));

  it('goes from stop over term to kill where a Pipeline does not end', () => {
    const runs = [{ number: 1, building: true, endsBy: 'kill' as const }];
    return at(
      async ({ client, url }) => {
        const stubborn = await client.run(`${url('stubborn')}1/`, signal);
        for (const how of ['stop', 'term', 'kill'] as const) {
          assert.equal(await client.doing.awaitEnd(stubborn, signal), undefined);
          await client.doing.stop(stubborn, how, signal);
        }
        assert.equal(await client.doing.awaitEnd(stubborn, signal), 'ABORTED');
      },
      ADA,
      { world: { jobs: [{ name: 'stubborn', runs }] } },
    );
  });

  it('is refused with the name of the permission that is missing', () =>
    at(async ({ client, run }) => {
      const words = await refusal(client.doing.stop(await run(43), 'stop', signal));
      assert.match(words, /does not allow your user to stop this run\..* Job\/Cancel\./);
    }, BOB));
});

describe('an input', () => {
  const question = {
    id: 'Deploy',
    message: 'Deploy to production?',
    ok: 'Ship it',
    cancel: 'Not now',
    submitter: 'ada,ops',
    parameters: DEFINITIONS,
  };
  const plain = { id: 'A b/c', message: 'Go on?' };
  const jobs = [{ name: 'asks', runs: [{ number: 1, building: true, inputs: [question, plain] }] }];
  const asking = (
    test: (place: Place, run: Run) => Promise<void>,
    connection: Partial<ConnectOptions> = ADA,
    options: Partial<JenkinsOptions> = {},
  ) =>
    at(
      async (place) => {
        await test(place, await place.client.run(`${place.url('asks')}1/`, signal));
      },
      connection,
      { world: { jobs }, ...options },
    );

  it('is told with its words, who may answer, and its parameters', () =>
    asking(async ({ client }, run) => {
      const [first, second] = await client.doing.inputs(run, signal);
      assert.deepEqual(
        [first?.message, first?.proceed, first?.abort, first?.submitter],
        ['Deploy to production?', 'Ship it', 'Not now', 'ada,ops'],
      );
      assert.deepEqual(
        first?.parameters.map(({ name, kind }) => [name, kind]),
        [
          ['TARGET', 'choice'],
          ['MEMORY', 'text'],
          ['NOTES', 'text'],
          ['CLEAN', 'boolean'],
          ['TOKEN', 'password'],
          ['BASE', 'run'],
          ['PATCH', 'file'],
        ],
      );
      assert.deepEqual(second?.parameters, []);
    }));

  it('is read off Stage View where its own plugin is old, without the default password', () =>
    asking(
      async ({ client }, run) => {
        const [first] = await client.doing.inputs(run, signal);
        assert.deepEqual([first?.proceed, first?.submitter], ['Ship it', undefined]);
        assert.deepEqual(first?.parameters[0], {
          name: 'TARGET',
          kind: 'choice',
          choices: ['all', 'unit'],
          initial: 'all',
          type: 'ChoiceParameterDefinition',
          description: '<b>What</b> to test',
        });
        assert.doesNotMatch(JSON.stringify(first), /secret/);
      },
      ADA,
      { inputs: 'stage view' },
    ));

  it('is none where nothing is asked, with and without Stage View', () =>
    at(async ({ client, run }) => {
      assert.deepEqual(await client.doing.inputs(await run(43), signal), []);
    }));

  it('is answered with values of their kinds', () =>
    asking(async ({ jenkins, client }, run) => {
      const [first] = await client.doing.inputs(run, signal);
      assert.ok(first);
      const values = new Map<string, ParameterValue>([
        ['TARGET', 'unit'],
        ['CLEAN', false],
        ['BASE', 'base#2'],
        ['PATCH', { fileName: 'fix.patch', content: Buffer.from('+ü') }],
      ]);
      await client.doing.answer(run, first, { kind: 'proceed', values }, signal);
      assert.deepEqual(jenkins.run('asks', 1).answers?.['Deploy'], {
        parameter: [
          { name: 'TARGET', value: 'unit' },
          { name: 'CLEAN', value: false },
          { name: 'BASE', runId: 'base#2' },
          { name: 'PATCH', file: { name: 'fix.patch', content: Buffer.from('+ü') } },
        ],
      });
    }));

  it('without parameters is only agreed to, or aborted', () =>
    asking(async ({ jenkins, client }, run) => {
      const [first, second] = await client.doing.inputs(run, signal);
      assert.ok(first && second);
      await client.doing.answer(run, second, { kind: 'proceed', values: new Map() }, signal);
      await client.doing.answer(run, first, { kind: 'abort' }, signal);
      const { answers, result } = jenkins.run('asks', 1);
      assert.deepEqual(answers, { 'A b/c': 'proceeded', Deploy: 'aborted' });
      assert.equal(result, 'ABORTED');
    }));

  it("is refused in Jenkins' own words to those who may not answer", () =>
    asking(async ({ client }, run) => {
      const [first] = await client.doing.inputs(run, signal);
      assert.ok(first);
      const words = await refusal(
        client.doing.answer(run, first, { kind: 'proceed', values: new Map() }, signal),
      );
      assert.match(words, /refused to answer this: You need to be ada,ops to submit this/);
      const abort = await refusal(client.doing.answer(run, first, { kind: 'abort' }, signal));
      assert.match(abort, /Job\/Cancel/);
    }, BOB));

  it('that was answered in the meantime says so', () =>
    asking(async ({ client }, run) => {
      const [, second] = await client.doing.inputs(run, signal);
      assert.ok(second);
      const proceed = { kind: 'proceed', values: new Map() } as const;
      await client.doing.answer(run, second, proceed, signal);
      const words = await refusal(client.doing.answer(run, second, proceed, signal));
      assert.match(words, /does not wait for this answer any more/);
    }));
});

describe('doing a run again', () => {
  const started = async (client: Client, queued: Queued) => {
    const outcome = await client.doing.follow(queued, quiet, signal);
    assert.ok(outcome.kind === 'started', outcome.kind);
    return outcome.run.number;
  };

  it('with another script finds the run that follows', () =>
    at(async ({ jenkins, client, run }) => {
      const queued = await client.doing.replay(await run(42), 'node { echo "&" }', signal);
      assert.equal(await started(client, queued), 44);
      const { script, causes, parameters } = jenkins.run('team/feature%2Fx', 44);
      assert.equal(script, 'node { echo "&" }');
      assert.deepEqual(causes, ['Started by user ada', 'Replayed #42']);
      assert.deepEqual(parameters, [{ name: 'MEMORY', value: '1' }]);
    }));

  it('tells the scripts that it loaded, but not its own', async () => {
    const loadedScripts = { 'lib.Tools': 'class Tools { }\n', Script1: '\n// <&>\n' };
    const runs = [{ number: 1, result: 'SUCCESS' as const, script: 'node { }', loadedScripts }];
    const told = async ({ client, url }: Place) =>
      client.doing.loadedScripts(await client.run(`${url('loading')}1/`, signal), signal);
    const world = { jobs: [{ name: 'loading', runs }] };
    await at(
      async (place) => {
        assert.deepEqual(
          [...(await told(place))],
          [
            ['lib_Tools', 'class Tools { }\n'],
            ['Script1', '\n// <&>\n'],
          ],
        );
      },
      ADA,
      { world },
    );
    await at(async (place) => assert.deepEqual([...(await told(place))], []), EVE, { world });
  });

  it('finds it also where it waits, beside others that are not it', () =>
    at(
      async ({ jenkins, client, run }) => {
        const job = 'team/feature%2Fx';
        jenkins.enqueue(job, { causes: ['Replayed #42'] });
        const queued = await client.doing.replay(await run(42), 'node { }', signal);
        const replayed = jenkins.queue.at(-1)?.id;
        jenkins.enqueue(job, { causes: ['Replayed #421'] });
        jenkins.enqueue(job, { causes: ['Started by timer'] });
        const told = ({ id }: QueueItem): void => {
          assert.equal(id, replayed);
          jenkins.start(id);
        };
        assert.equal((await client.doing.follow(queued, told, signal)).kind, 'started');
      },
      ADA,
      { waits: true },
    ));

  it('that is never found is gone', () =>
    at(async ({ client, url }) => {
      const sequel = { jobUrl: url('plain'), of: 7, newest: 7, queued: new Set<number>() };
      const outcome = await client.doing.follow({ kind: 'sequel', ...sequel }, quiet, signal);
      assert.deepEqual(outcome, { kind: 'gone' });
    }));

  it('with another script is refused with the name of the permission, although Jenkins does not tell it', async () => {
    const replayed = ({ client, run }: Place) =>
      run(42).then((of) => refusal(client.doing.replay(of, 'node { }', signal)));
    await at(async (place) => {
      const words = await replayed(place);
      assert.match(words, /not allow your user to replay this run\. It takes .* Run\/Replay/);
    }, EVE);
    await at(async (place) => {
      assert.match(await replayed(place), /cannot be replayed: .* It takes .* Run\/Replay/);
    }, BOB);
  });

  it("is refused in Jenkins' own words where the run had a password", () => {
    const parameters = [{ name: 'TOKEN', value: 'x', kind: 'Password' as const }];
    const runs = [{ number: 1, result: 'SUCCESS' as const, script: 'node { }', parameters }];
    return at(
      async ({ client, url }) => {
        const run = await client.run(`${url('secret')}1/`, signal);
        const words = await refusal(client.doing.replay(run, 'node { }', signal));
        assert.match(words, /Replay is not allowed when password parameters are used/);
      },
      ADA,
      { world: { jobs: [{ name: 'secret', runs }] } },
    );
  });

  it('from a stage on is offered where the server offers it, and nowhere else', async () => {
    await at(async ({ client, run }) => {
      assert.deepEqual(await client.doing.restartableStages(await run(42), signal), [
        'Build',
        'Test',
      ]);
      for (const other of [41, 43])
        assert.deepEqual(await client.doing.restartableStages(await run(other), signal), []);
    });
    await at(async ({ client, run }) => {
      assert.deepEqual(await client.doing.restartableStages(await run(42), signal), []);
    }, BOB);
  });

  it('from a stage on finds the run that follows', () =>
    at(async ({ jenkins, client, run }) => {
      const queued = await client.doing.restart(await run(42), 'Test', signal);
      const number = await started(client, queued);
      assert.deepEqual(jenkins.run('team/feature%2Fx', number).causes, [
        'Started by user ada',
        'Restarted from build #42, stage Test',
      ]);
    }));

  it('from a stage on is refused in the words of Jenkins', async () => {
    await at(async ({ client, run }) => {
      const words = await refusal(client.doing.restart(await run(42), 'Deploy', signal));
      assert.match(words, /refused to restart this run: Failure restarting from stage/);
      const building = await refusal(client.doing.restart(await run(43), 'Build', signal));
      assert.match(building, /refused to restart this run: not allowed to restart/);
    });
  });
});
