import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connect } from '../../src/jenkins/client';
import type { Run } from '../../src/jenkins/run';
import { findProgram } from '../bed/host/host';
import { interleave, median, medianOfRounds, millisecondsOf, speeds, type Figure } from './measure';
import { run } from './programs';

const ROUNDS = 7;

/** A 100 MB log through our client, against `curl` of the same address into nothing. */
export const jenkinsLog: Figure = async (signal) => {
  if (findProgram('curl') === undefined)
    throw new Error('there is no curl (Debian: apt-get install curl)');
  await using server = await startServer(signal);
  using client = connect({ base: server.base });
  const rows = [];
  for (const { what, job, building, path } of cases) {
    const described = runAt(server.base, job, building);
    let bytes = 0;
    const ours = (): Promise<number> =>
      millisecondsOf(async () => {
        bytes = 0;
        for await (const chunk of client.log(described, { signal })) bytes += chunk.bytes.length;
      });
    const args = ['-s', '-o', '/dev/null', described.url + path];
    const curl = async (): Promise<number> =>
      (await run({ command: 'curl', args }, signal)).milliseconds;
    const times = await interleave({ ours, curl }, ROUNDS);
    const { served, clean } = await server.sizes(job);
    if (bytes !== clean) throw new Error(`${what}: ${bytes} bytes came, ${clean} were due`);
    const speed = { ours: speeds(served, times.ours), curl: speeds(served, times.curl) };
    const compared = medianOfRounds('ratio', speed.ours, speed.curl);
    rows.push({
      what,
      unit: 'MB/s',
      ours: median(speed.ours),
      reference: { name: 'curl', value: median(speed.curl) },
      compared,
      target: { words: 'at least × 0.7', met: compared.value >= 0.7 },
      samples: speed,
    } as const);
  }
  return rows;
};

const cases = [
  { what: 'consoleText', job: 'clean', building: false, path: 'consoleText' },
  {
    what: 'consoleText with CRLF and notes',
    job: 'raw',
    building: false,
    path: 'consoleText',
  },
  {
    what: 'progressiveText with CRLF and notes',
    job: 'raw',
    building: true,
    path: 'logText/progressiveText?start=0',
  },
] as const;

/** The server's own process, so that its work is not on our event loop. */
async function startServer(signal: AbortSignal) {
  const program = join(import.meta.dirname, 'logServer.ts');
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const child = spawn(process.execPath, ['--import', tsx, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  child.on('error', () => undefined);
  const [told] = (await once(child.stdout, 'data', { signal })) as [Buffer];
  const base = `http://127.0.0.1:${Number(told.toString())}/`;
  return {
    base,
    sizes: async (job: string) =>
      (await (await fetch(`${base}job/${job}/sizes`)).json()) as { served: number; clean: number },
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

function runAt(server: string, job: string, building: boolean): Run {
  const jobUrl = `${server}job/${job}/`;
  return {
    ...{ url: `${jobUrl}1/`, server, job, jobUrl, number: 1, displayName: '#1', building },
    ...{ result: building ? undefined : 'SUCCESS', startedAt: 0, duration: 0 },
    ...{ estimatedDuration: undefined, parameters: [], commit: undefined, branch: undefined },
    ...{ change: undefined, causes: [], node: undefined },
  };
}
