import { UserError } from '../base/errors';
import {
  failedRuns,
  runFacts,
  type FailedRun,
  type RunFacts,
  type TestFacts,
} from '../jenkins/facts';
import { baseUrl, parseRunUrl, parseUrl, runUrl } from '../jenkins/url';
import { interruptible } from './commands';
import { clientFor } from './server';
import { UsageError, type Flags } from './flags';
import type { Terminal } from './terminal';

/** `failures [URL]`: of a job, of what lies in a folder, or of a whole server. */
export async function failures(
  url: string | undefined,
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  const place = placeOf(url ?? process.env['JENKINS_URL']);
  using client = clientFor(place, process.env);
  const found = await failedRuns(client, place.jobUrl, flags.limit, interruptible(terminal));
  for (const run of found.runs) {
    terminal.emit(run);
    if (!terminal.json) terminal.print(failureLine(run));
  }
  for (const left of found.cut) terminal.say(left);
  if (found.runs.length === 0) terminal.say('nothing fails there');
}

/** `explain RUN-URL`: why a run failed; of a job, its last run that did. */
export async function explain(url: string, terminal: Terminal): Promise<void> {
  const address = parseRunUrl(url);
  if (address === undefined)
    throw new UserError(`${url} is not the address of a Jenkins run.`, {
      advice: 'It should look like https://ci.example.org/job/cilium/42/',
    });
  using client = clientFor(address, process.env);
  const signal = interruptible(terminal);
  const wanted = runUrl({ ...address, run: address.run ?? 'lastUnsuccessfulBuild' });
  const facts = await runFacts(client, await client.run(wanted, signal), signal);
  terminal.emit(facts);
  if (!terminal.json) for (const line of explanation(facts)) terminal.print(line);
}

function placeOf(url: string | undefined) {
  if (url === undefined)
    throw new UsageError('failures wants the address of a job, a folder or a server.', {
      advice: 'Or set JENKINS_URL. See: ci-parity help failures',
    });
  const page = parseRunUrl(url);
  if (page !== undefined) return page;
  const parsed = parseUrl(url);
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw new UserError(`${url} is not an address of Jenkins.`);
  const server = baseUrl(parsed.href);
  return { server, jobUrl: server, run: undefined };
}

function failureLine({ job, number, result, startedAt, failing, url }: FailedRun): string {
  const when = startedAt.slice(0, 16).replace('T', ' ');
  return [
    `#${number}`.padEnd(7),
    result.padEnd(8),
    when,
    (failing ?? '').padEnd(12),
    job,
    url,
  ].join('  ');
}

function* explanation(facts: RunFacts): Generator<string> {
  const { run, diagnosis, failedTests, stages, log, cut } = facts;
  yield `${run.job} #${run.number}  ${run.result}  ${run.startedAt.slice(0, 16).replace('T', ' ')}`;
  yield diagnosis.sentence;
  if (run.commit !== null) yield `  commit     ${run.commit}`;
  for (const { stage, state } of stages)
    if (state !== 'passed') yield `  stage      ${stage}: ${state}`;
  for (const test of failedTests) yield `  failed     ${testLine(test)}`;
  for (const left of cut) yield `  left out   ${left}`;
  if (log.length > 0) yield '';
  const telling = new Set(diagnosis.evidence.map(({ line }) => line));
  const width = String(log.at(-1)?.line ?? '').length;
  for (const [at, { line, text }] of log.entries()) {
    const before = log[at - 1];
    if (before !== undefined && before.line + 1 < line) yield `  ${'…'.padStart(width)}`;
    yield `${telling.has(line) ? '>' : ' '} ${String(line).padStart(width)}  ${text}`;
  }
}

/** `TestX, since #37 (5 runs)`. */
function testLine({ group, name, failingSince, runs }: TestFacts): string {
  const whole = group === '' ? name : `${group} ${name}`;
  if (failingSince === null) return whole;
  return runs === 1 ? `${whole}, new` : `${whole}, since #${failingSince} (${runs} runs)`;
}
