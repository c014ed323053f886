import { get } from 'node:http';
import { connect } from '../../src/jenkins/client';
import type { Run } from '../../src/jenkins/run';
import { findProgram } from '../bed/host/host';
import {
  interleave,
  median,
  medianOfRounds,
  millisecondsOf,
  speeds,
  type Figure,
  type Row,
} from './measure';
import { run, startServer } from './programs';

const ROUNDS = 7;

/**
 * A 100 MB log through our client, against `curl` of the same address into nothing. Only our client
 * takes notes and CRs out of it. What Node's own client needs is the least that ours can.
 */
export const jenkinsLog: Figure = async (signal) => {
  if (findProgram('curl') === undefined)
    throw new Error('there is no curl (Debian: apt-get install curl)');
  await using server = await startServer<{ double: string; ready: string; clean: number }>(
    'logServer.ts',
    signal,
  );
  const rows: Row[] = [];
  for (const { what, from, job, building, path } of cases) {
    const base = server[from];
    using client = connect({ base });
    const described = runAt(base, job, building);
    const url = described.url + path;
    let bytes = 0;
    let served = 0;
    const args = ['-s', '-o', '/dev/null', url];
    const times = await interleave(
      {
        ours: () =>
          millisecondsOf(async () => {
            bytes = 0;
            for await (const chunk of client.log(described, { signal }))
              bytes += chunk.bytes.length;
          }),
        curl: async () => (await run({ command: 'curl', args }, signal)).milliseconds,
        node: () => millisecondsOf(async () => (served = await download(url, signal))),
      },
      ROUNDS,
    );
    const due = job === 'clean' ? served : server.clean;
    if (bytes !== due) throw new Error(`${what}: ${bytes} bytes came, ${due} were due`);
    const ours = speeds(served, times.ours);
    for (const name of ['curl', 'node'] as const) {
      const reference = speeds(served, times[name]);
      const compared = medianOfRounds('ratio', ours, reference);
      rows.push({
        what,
        unit: 'MB/s',
        ours: median(ours),
        reference: { name: name === 'node' ? "Node's http" : name, value: median(reference) },
        compared,
        ...(name === 'curl' && {
          target: { words: 'at least × 0.7', met: compared.value >= 0.7 },
        }),
        samples: { ours, [name]: reference },
      });
    }
  }
  return rows;
};

const progressive = 'logText/progressiveText?start=0';
interface Case {
  readonly what: string;
  readonly from: 'double' | 'ready';
  readonly job: string;
  readonly building: boolean;
  readonly path: string;
}

const cases: readonly Case[] = [
  {
    what: 'the double, consoleText',
    from: 'double',
    job: 'log',
    building: false,
    path: 'consoleText',
  },
  {
    what: 'the double, progressiveText with CRLF and notes',
    from: 'double',
    job: 'log',
    building: true,
    path: progressive,
  },
  {
    what: 'a ready answer, consoleText',
    from: 'ready',
    job: 'clean',
    building: false,
    path: 'consoleText',
  },
  {
    what: 'a ready answer, progressiveText with CRLF and notes',
    from: 'ready',
    job: 'raw',
    building: true,
    path: progressive,
  },
];

/** Resolves with the number of bytes. */
function download(url: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { signal, agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('error', reject);
      response.on('end', () => resolve(bytes));
    }).on('error', reject);
  });
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
