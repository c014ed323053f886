import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { RunNode } from '../../src/editor/runs/runsNodes';
import type { JenkinsDouble } from '../bed/jenkins/double';
import type { DefinitionSpec, World } from '../bed/jenkins/world';
import { api, connectTo, disconnect, folder, setJobs, startMoat, TOKEN, USER } from './bed';
import { personIn, type Person } from './person';
import { standIns } from './standIns';

/** A Jenkinsfile that is in this repository, and is read by the jobs of these tests. */
const FILE = 'test/pipeline/jenkinsfiles/agentAny.Jenkinsfile';

const DEFINITIONS: readonly DefinitionSpec[] = [
  { name: 'TARGET', kind: 'Choice', choices: ['all', 'unit'], description: '<i>What</i> to test' },
  { name: 'MEMORY', kind: 'String', default: '4096' },
  { name: 'NOTES', kind: 'Text', default: 'one' },
  { name: 'CLEAN', kind: 'Boolean', default: true },
  { name: 'TOKEN', kind: 'Password' },
];

describe('doing something on a server', () => {
  const stand = standIns();
  let jenkins: JenkinsDouble;
  let person: Person;
  beforeEach(async () => {
    person = personIn(stand);
    jenkins = await startMoat({
      world: world(),
      users: { [USER]: { token: TOKEN, replay: true } },
    });
    await connectTo(jenkins);
    await setJobs([`${jenkins.base}job/plain/`, `${jenkins.base}job/asking/`]);
  });
  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await disconnect();
    await jenkins.close();
  });

  const run = (command: string, node?: unknown): Thenable<unknown> =>
    vscode.commands.executeCommand(`ciParity.${command}`, node);
  const posted = (): string[] =>
    jenkins.requests.filter(({ method }) => method === 'POST').map(({ path }) => path);

  async function jobNode(name: string) {
    const { servers } = await api();
    const url = `${jenkins.base}job/${name}/`;
    return { kind: 'job', server: servers.at(url), url, job: undefined, current: false };
  }

  async function runNode(job: string, number: number): Promise<RunNode> {
    const { servers } = await api();
    const url = `${jenkins.base}job/${job}/${number}/`;
    const server = servers.at(url);
    const client = await servers.client(server);
    return { kind: 'run', server, run: await client.run(url, new AbortController().signal) };
  }

  it('asks before it builds, with the job and the server, and does nothing without a yes', async () => {
    await run('build', await jobNode('plain'));
    assert.match(person.asked[0] ?? '', /^Build plain\?/);
    assert.ok(person.asked[0]?.includes(`On ci (${jenkins.base}), as ${USER}.`));
    assert.deepEqual(posted(), []);
  });

  it('builds, and leads to the run', async () => {
    person.agrees.push('Build');
    person.presses = 'Open Log';
    const shown = new Promise<string>((done) => {
      const once = vscode.window.onDidChangeActiveTextEditor((editor) => {
        if (editor?.document.uri.path.includes('plain #8') !== true) return;
        once.dispose();
        done(editor.document.uri.path);
      });
    });
    await run('build', await jobNode('plain'));
    assert.deepEqual(posted(), ['/jenkins/job/plain/build']);
    assert.ok(person.notified.includes('Build #8 of plain started.'));
    assert.match(await shown, /plain #8/);
  });

  it('lets the person fill in the parameters line by line', async () => {
    person.picks.push('CLEAN', 'TARGET', 'unit', 'MEMORY', 'NOTES', 'TOKEN', 'Build');
    person.types.push('1', 'one\\ntwo', 's3cret');
    await run('build', await jobNode('asking'));
    const values = jenkins.run('asking', 2).parameters?.map(({ name, value }) => [name, value]);
    assert.deepEqual(values, [
      ['TARGET', 'unit'],
      ['MEMORY', '1'],
      ['NOTES', 'one\ntwo'],
      ['CLEAN', false],
      ['TOKEN', 's3cret'],
    ]);
    assert.deepEqual(
      person.boxes.map(({ password }) => password === true),
      [false, false, true],
    );
    assert.match(person.seen.at(-1) ?? '', /^Build asking\nTARGET: unit · default: all\n/);
    assert.match(person.seen.at(-1) ?? '', /\nTOKEN: ••••••\n/);
    assert.ok(person.notified.includes('Build #2 of asking started.'));
  });

  it('leaves what waits where it is when nobody looks any longer, and offers to take it out', async () => {
    await using slow = await startMoat({
      world: world(),
      users: { [USER]: { token: TOKEN } },
      waits: true,
    });
    await connectTo(slow);
    stand.replace(vscode.window, 'withProgress', leaving);
    person.agrees.push('Build', 'Build');
    const { servers } = await api();
    const url = `${slow.base}job/plain/`;
    const node = { kind: 'job', server: servers.at(url), url, job: undefined, current: false };
    await run('build', node);
    assert.deepEqual(person.notified, ['The run of plain still waits in the queue of ci.']);
    assert.equal(slow.queue[0]?.state, 'waiting');
    person.presses = 'Take Out of the Queue';
    const told = new Promise((done) => {
      stand.replace(vscode.window, 'showInformationMessage', (message: string) => {
        if (message.startsWith('It was taken')) done(message);
        return Promise.resolve(person.presses);
      });
    });
    await run('build', node);
    assert.equal(await told, 'It was taken out of the queue: plain.');
    assert.equal(slow.queue.at(-1)?.state, 'cancelled');
  });

  it('sends nothing when the form is left', async () => {
    person.picks.push('CLEAN');
    await run('build', await jobNode('asking'));
    assert.deepEqual(posted(), []);
    assert.deepEqual(person.notified, []);
  });

  it('reruns with the same parameters, and asks for the password that is not told', async () => {
    person.picks.push('Rerun');
    person.types.push('again');
    await run('rerun', await runNode('asking', 1));
    const values = jenkins.run('asking', 2).parameters?.map(({ name, value }) => [name, value]);
    assert.deepEqual(values, [
      ['TARGET', 'unit'],
      ['MEMORY', '512'],
      ['NOTES', 'one'],
      ['CLEAN', true],
      ['TOKEN', 'again'],
    ]);
    assert.match(person.seen[0] ?? '', /\nTOKEN: to be answered\n/);
  });

  it('sends a file that the person chooses', async () => {
    const file = join(folder(), FILE);
    stand.replace(vscode.window, 'showOpenDialog', () => Promise.resolve([vscode.Uri.file(file)]));
    person.picks.push('PATCH', 'Build');
    await run('build', await jobNode('filed'));
    const [patch] = jenkins.run('filed', 2).parameters ?? [];
    assert.deepEqual(patch?.file, { name: basename(FILE), content: readFileSync(file) });
    assert.match(person.seen.at(-1) ?? '', /\nPATCH: agentAny\.Jenkinsfile \(1 KB\)\n/);
  });

  it('asks for the file of a run that is done again, and says of one that it is too large', async () => {
    const node = await runNode('filed', 1);
    const large = mkdtempSync(join(tmpdir(), 'ci-parity-large-'));
    try {
      const file = vscode.Uri.file(join(large, 'large.iso'));
      writeFileSync(file.fsPath, '');
      truncateSync(file.fsPath, 64_100_000);
      stand.replace(vscode.window, 'showOpenDialog', () => Promise.resolve([file]));
      person.picks.push('Rerun');
      await run('rerun', node);
    } finally {
      rmSync(large, { recursive: true });
    }
    assert.match(person.seen[0] ?? '', /\nPATCH: to be answered\n/);
    assert.match(
      person.notified[0] ?? '',
      /^large\.iso is too large: it has 64\.1 MB, and at most 64\.0 MB/,
    );
    assert.deepEqual(posted(), []);
  });

  it('offers the runs that Jenkins offers for a parameter, and takes one that is typed', async () => {
    person.picks.push('BASE', 'asking#1', 'Build');
    await run('build', await jobNode('filed'));
    assert.deepEqual(jenkins.run('filed', 2).parameters?.at(-1)?.value, 'asking#1');
    person.picks.push('BASE', 'Type Another', 'Build');
    person.types.push('plain#6');
    await run('build', await jobNode('filed'));
    assert.deepEqual(jenkins.run('filed', 3).parameters?.at(-1)?.value, 'plain#6');
  });

  it('stops a run, and tells how it ended', async () => {
    person.agrees.push('Stop');
    await run('stopRun', await runNode('plain', 7));
    assert.match(person.asked[0] ?? '', /^Stop run #7 of plain\?/);
    assert.equal(jenkins.run('plain', 7).result, 'ABORTED');
    assert.deepEqual(person.notified, ['Run #7 of plain has ended: ABORTED.']);
  });

  it('offers to end a run harder, and does it only when it is told to', async () => {
    const { servers } = await api();
    const node = await runNode('stubborn', 1);
    // As after its fifteen seconds.
    const { doing } = await servers.client(node.server);
    stand.replace(doing, 'awaitEnd', () => Promise.resolve(jenkins.run('stubborn', 1).result));
    person.agrees.push('Stop');
    await run('stopRun', node);
    assert.deepEqual(person.notified, ['Run #1 of stubborn has not ended yet.']);
    assert.deepEqual(posted(), ['/jenkins/job/stubborn/1/stop']);
    person.presses = 'Terminate';
    person.agrees.push('Stop', 'Terminate');
    const told = new Promise<void>((done) => {
      stand.replace(vscode.window, 'showInformationMessage', (message: string) => {
        person.notified.push(message);
        done();
        return Promise.resolve(undefined);
      });
    });
    await run('stopRun', node);
    await told;
    assert.equal(person.notified.at(-1), 'Run #1 of stubborn has ended: ABORTED.');
    assert.deepEqual(posted().at(-1), '/jenkins/job/stubborn/1/term');
  });

  it('shows what was changed for a replay against the Jenkinsfile at its commit', async () => {
    await run('showReplayDiff', await runNode('scripted', 2));
    const { original, modified } = diff();
    assert.equal(await textOf(original), readFileSync(join(folder(), FILE), 'utf8'));
    assert.equal(await textOf(modified), 'node { echo "changed" }\n');
    assert.match(original.path, new RegExp(`${FILE.replaceAll('/', '∕')} at [0-9a-f]{12}`));
    assert.match(modified.path, /scripted #2/);
  });

  it('shows the script of a run that is no replay against that of the run before', async () => {
    await run('showReplayDiff', await runNode('scripted', 3));
    assert.match(diff().original.path, /scripted #2/);
    await run('showReplayDiff', await runNode('scripted', 4));
    assert.deepEqual(person.notified, [
      'The script of scripted #4 is the same as that of scripted #3.',
    ]);
  });

  it('shows what was changed in scripts that were loaded, all in one editor', async () => {
    await run('showReplayDiff', await runNode('loading', 2));
    assert.match(diff().original.path, /Script1 of loading #1/);
    assert.match(await textOf(diff().modified), /changed/);
    await run('showReplayDiff', await runNode('loading', 3));
    const { label } = vscode.window.tabGroups.activeTabGroup.activeTab ?? {};
    assert.match(label ?? '', /^loading #2 ↔ loading #3/);
    const texts = vscode.workspace.textDocuments.map((each) => [each.uri.path, each.getText()]);
    const shown = Object.fromEntries(texts) as Record<string, string>;
    assert.deepEqual(
      ['/loading #3.groovy', '/Script1 of loading #3.groovy', '/Script2 of loading #3.groovy'].map(
        (path) => shown[path],
      ),
      ['node { load "b" }\n', '', 'echo "2"\n'],
    );
  });

  it('replays with the Jenkinsfile as it is on the screen, after it was shown', async () => {
    person.picks.push('Replay');
    await run('replay', await runNode('scripted', 3));
    const { original, modified } = diff();
    assert.match(original.path, /scripted #3/);
    assert.ok(modified.path.endsWith(FILE));
    assert.match(person.seen[0] ?? '', /^Replay #3 of scripted with this Jenkinsfile\?/);
    assert.equal(jenkins.run('scripted', 5).script, await textOf(modified));
    assert.ok(person.notified.includes('Build #5 of scripted started.'));
  });

  it('replays nothing without a yes, and nothing of an untrusted workspace', async () => {
    const node = await runNode('scripted', 3);
    await run('replay', node);
    stand.replace(vscode.workspace, 'isTrusted', false);
    await run('replay', node);
    assert.deepEqual(posted(), []);
    assert.match(person.notified[0] ?? '', /not trusted/);
  });

  it('answers a question with its parameters', async () => {
    person.picks.push('TARGET', 'unit', 'Ship it');
    await run('answerInput', await runNode('waiting', 1));
    assert.match(person.seen[0] ?? '', /^Deploy to production\?\nTARGET: all/);
    assert.deepEqual(jenkins.run('waiting', 1).answers, {
      Deploy: { parameter: [{ name: 'TARGET', value: 'unit' }] },
    });
    assert.deepEqual(person.notified, ['Run #1 of waiting goes on.']);
  });

  it('aborts what is asked only after asking, and says when nothing is asked', async () => {
    const node = await runNode('waiting', 1);
    person.picks.push('Abort');
    await run('answerInput', node);
    assert.deepEqual(posted(), []);
    person.picks.push('Abort');
    person.agrees.push('Abort');
    await run('answerInput', node);
    assert.equal(jenkins.run('waiting', 1).result, 'ABORTED');
    await run('answerInput', node);
    assert.match(person.notified.at(-1) ?? '', /waits for no answer/);
  });

  it('restarts from a stage that the server offers', async () => {
    const node = await runNode('scripted', 3);
    person.picks.push('Test');
    person.agrees.push('Restart');
    await run('restartFromStage', node);
    assert.match(person.asked[0] ?? '', /^Restart run #3 of scripted from stage Test\?/);
    assert.deepEqual(
      jenkins.run('scripted', 5).causes?.at(-1),
      'Restarted from build #3, stage Test',
    );
    await run('restartFromStage', await runNode('plain', 6));
    assert.match(person.notified.at(-1) ?? '', /does not offer to restart run #6/);
  });

  it('takes what waits out of the queue', async () => {
    const { id } = jenkins.enqueue('plain', { why: 'Waiting for the night', partOf: 7 });
    person.picks.push('part of plain #7');
    person.agrees.push('Take Out');
    await run('cancelQueueItem');
    assert.match(person.asked[0] ?? '', /Waiting for the night\nRun #7 fails without it\./);
    assert.equal(jenkins.queue.find((item) => item.id === id)?.state, 'cancelled');
    assert.deepEqual(person.notified, ['It was taken out of the queue: part of plain #7.']);
  });

  it('asks a server that refuses those who have not signed in no second time', async () => {
    const { servers } = await api();
    await using open = await startMoat({ world: world(), anonymous: true });
    await servers.add({ url: open.base, name: 'open', user: undefined }, { token: undefined });
    const url = `${open.base}job/plain/`;
    const node = { kind: 'job', server: servers.at(url), url, job: undefined, current: false };
    person.agrees.push('Build');
    await run('build', node);
    assert.match(
      person.notified[0] ?? '',
      /lets nobody build this job who has not signed in\..*Job\/Build/,
    );
    await run('build', node);
    assert.match(person.notified[1] ?? '', /lets nobody do this who has not signed in/);
    assert.equal(person.asked.length, 1);
  });

  it('lets the person pick what it is about in the palette', async () => {
    person.picks.push('plain');
    await run('build');
    assert.match(person.asked[0] ?? '', /^Build plain\?/);
    person.picks.push('plain #7');
    await run('stopRun');
    assert.match(person.asked[1] ?? '', /^Stop run #7 of plain\?/);
    assert.doesNotMatch(person.seen[1] ?? '', /plain #6/);
  });
});

/** A progress that somebody cancels as soon as it says why a run waits. */
function leaving(
  _: vscode.ProgressOptions,
  work: (
    progress: vscode.Progress<{ message?: string }>,
    token: vscode.CancellationToken,
  ) => Thenable<unknown>,
): Thenable<unknown> {
  const source = new vscode.CancellationTokenSource();
  const report = ({ message = '' }): void => {
    if (message.startsWith('Waiting for')) source.cancel();
  };
  return work({ report }, source.token);
}

function diff(): vscode.TabInputTextDiff {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  assert.ok(input instanceof vscode.TabInputTextDiff);
  return input;
}

async function textOf(uri: vscode.Uri): Promise<string> {
  return (await vscode.workspace.openTextDocument(uri)).getText();
}

function world(): World {
  const sha = execFileSync('git', ['-C', folder(), 'rev-parse', 'HEAD'], { encoding: 'utf8' });
  const checkouts = [{ sha: sha.trim(), remoteUrls: ['https://host/moat.git'] }];
  const scripted = { checkouts, restartable: ['Build', 'Test'], result: 'SUCCESS' as const };
  const obtained = [`Obtained ${FILE} from ${sha.trim()}`];
  const own = 'pipeline { agent any }\n';
  return {
    jobs: [
      {
        name: 'plain',
        runs: [
          { number: 6, result: 'SUCCESS' },
          { number: 7, building: true, startedAt: Date.now() },
        ],
      },
      {
        name: 'asking',
        definitions: DEFINITIONS,
        runs: [
          {
            number: 1,
            result: 'SUCCESS',
            parameters: [
              { name: 'TARGET', value: 'unit' },
              { name: 'MEMORY', value: '512' },
              { name: 'TOKEN', kind: 'Password', value: 'old' },
            ],
          },
        ],
      },
      {
        name: 'filed',
        definitions: [
          { name: 'PATCH', kind: 'File' },
          { name: 'BASE', kind: 'Run', project: 'asking' },
        ],
        runs: [{ number: 1, result: 'SUCCESS', parameters: [{ name: 'PATCH', kind: 'File' }] }],
      },
      {
        name: 'loading',
        runs: [
          {
            number: 1,
            result: 'SUCCESS',
            script: 'node { load "a" }\n',
            loadedScripts: { Script1: 'echo "1"\n' },
          },
          {
            number: 2,
            result: 'SUCCESS',
            causes: ['Started by user Ada', 'Replayed #1'],
            script: 'node { load "a" }\n',
            loadedScripts: { Script1: 'echo "changed"\n' },
          },
          {
            number: 3,
            result: 'SUCCESS',
            script: 'node { load "b" }\n',
            loadedScripts: { Script2: 'echo "2"\n' },
          },
        ],
      },
      { name: 'stubborn', runs: [{ number: 1, building: true, endsBy: 'term' }] },
      {
        name: 'waiting',
        runs: [
          {
            number: 1,
            building: true,
            inputs: [
              {
                id: 'Deploy',
                message: 'Deploy to production?',
                ok: 'Ship it',
                parameters: DEFINITIONS.slice(0, 1),
              },
            ],
          },
        ],
      },
      {
        name: 'scripted',
        runs: [
          { number: 1, ...scripted, preamble: obtained, script: 'as it was in git\n' },
          {
            number: 2,
            ...scripted,
            causes: ['Started by user Ada', 'Replayed #1'],
            script: 'node { echo "changed" }\n',
          },
          { number: 3, ...scripted, preamble: obtained, script: own },
          { number: 4, ...scripted, preamble: obtained, script: own },
        ],
      },
    ],
  };
}
