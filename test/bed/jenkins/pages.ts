/** What the double answers to a request. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  type Context,
  type JenkinsOptions,
  type LiveJob,
  type LiveRun,
  type NamedUser,
  findJob,
  isBuilding,
  runFor,
  userOf,
  version,
} from './live';
import { agentsModel } from './agents';
import { type Asked, cancelItem, pendingInputs, postedToJob, postedToRun } from './doing';
import { nodePage, postedToNodes } from './nodes';
import { RUN_DEFAULTS, jobDefaults, jobModel, rootModel, runModel } from './models';
import type { Posted } from './posted';
import { itemModel, queueModel } from './queue';
import { reportModel } from './reports';
import { type Reply, api, forbidden, html, json, notFound, plain } from './replies';
import { describe, describeStage, exceptionText, graph, graphLog, graphSteps } from './stagePages';
import type { Model } from './tree';
import type { RunSpec } from './world';
/** `posted` is undefined for a GET. */
export function answer(request: IncomingMessage, server: Context, posted?: Posted): Reply {
  const { options, prefix } = server;
  const url = new URL(request.url ?? '/', 'http://double');
  if (!url.pathname.startsWith(`${prefix}/`)) return notFound();
  const user = userOf(request, options);
  if (user === 'wrong') {
    return html(401, '<html><body><h2>HTTP ERROR 401 Unauthorized</h2></body></html>', {
      'WWW-Authenticate': 'Basic realm="Jenkins"',
    });
  }
  // Open to everybody (hudson.security.WhoAmI is an UnprotectedRootAction).
  if (url.pathname === `${prefix}/whoAmI/api/json`) {
    return api(url, whoAmIModel(user), 'anonymous,authenticated,authorities,name');
  }
  if (user === undefined ? options.anonymous === false : user.read === false) {
    return forbidden(url, user?.name);
  }
  const context = { ...server, user };
  if (posted !== undefined && !isCrumbed(request, context)) return noCrumb();
  const { job, names, segments } = walk(url, context);
  const path = segments.join('/');
  if (names.length === 0) {
    return posted === undefined
      ? rootPage(url, path, user, context)
      : postedToRoot(path, { url, ...posted, context });
  }
  if (job === undefined || user?.hidden?.includes(job.fullName) === true) return notFound();
  if (posted !== undefined) {
    const at = runFor(job, segments[0]);
    return at === undefined
      ? postedToJob(job, path, { url, ...posted, context })
      : postedToRun(job, at, segments.slice(1).join('/'), { url, ...posted, context });
  }
  if (segments.join('/') === 'api/json') {
    return api(url, jobModel(job, context), jobDefaults(job));
  }
  if (segments.join('/') === 'wfapi/runs' && options.stages === 'wfapi') {
    return json(job.runs.slice(0, 10).map(({ spec }) => describe(job, spec, context)));
  }
  const run = runFor(job, segments.shift());
  if (run === undefined) return notFound();
  return runPage(url, { job, run, user, path: segments.join('/') }, context);
}

function whoAmIModel(user: NamedUser | undefined): Model {
  return {
    _class: 'hudson.security.WhoAmI',
    anonymous: user === undefined,
    authenticated: true,
    authorities: ['authenticated'],
    name: user?.name ?? 'anonymous',
  };
}

/** The job at an address, and the parts of the path behind it. */
function walk(url: URL, { prefix, roots }: Context) {
  const segments = url.pathname
    .slice(prefix.length + 1)
    .split('/')
    .filter((segment) => segment !== '');
  const names: string[] = [];
  while (segments[0] === 'job' && segments[1] !== undefined) {
    names.push(decodeURIComponent(segments[1]));
    segments.splice(0, 2);
  }
  return { job: findJob(roots, names), names, segments };
}

/** A crumb is bound to a user and a session, and API tokens need none. */
function isCrumbed(request: IncomingMessage, { user, sessions }: Context): boolean {
  const session = /(?:^|; )JSESSIONID=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  const crumbed =
    request.headers['jenkins-crumb'] === `c0ffee${session}` &&
    sessions.get(session) === (user?.name ?? 'anonymous');
  return user?.byToken === true || crumbed;
}

function noCrumb(): Reply {
  const why = 'HTTP ERROR 403 No valid crumb was included in the request';
  return html(403, `<html><body><h2>${why}</h2></body></html>`);
}

function postedToRoot(path: string, asked: Asked): Reply {
  const { linter } = asked.context.options;
  switch (path) {
    case 'pipeline-model-converter/validate':
      if (linter === undefined) return notFound();
      return plain(Buffer.from(linter(asked.fields.get('jenkinsfile') ?? '')));
    case 'queue/cancelItem':
      return cancelItem(asked);
    default:
      return postedToNodes(path, asked) ?? notFound();
  }
}

export function rootPage(
  url: URL,
  path: string,
  user: NamedUser | undefined,
  context: Context,
): Reply {
  switch (path) {
    case 'api/json':
      return api(url, rootModel(context), 'mode,jobs[name,url,color],url');
    case 'me/api/json': {
      if (user === undefined) return notFound();
      const model = { _class: 'hudson.model.User', id: user.name, fullName: user.name };
      return api(url, model, 'id,fullName');
    }
    case 'crumbIssuer/api/json': {
      const session = randomBytes(8).toString('hex');
      context.sessions.set(session, user?.name ?? 'anonymous');
      const reply = json({
        _class: 'hudson.security.csrf.DefaultCrumbIssuer',
        crumb: `c0ffee${session}`,
        crumbRequestField: 'Jenkins-Crumb',
      });
      const cookie = `JSESSIONID=${session}; Path=/; HttpOnly`;
      return { ...reply, headers: { ...reply.headers, 'Set-Cookie': [cookie] } };
    }
    case 'computer/api/json':
      return api(url, agentsModel(context), 'computer[displayName,offline]');
    case 'queue/api/json':
      return api(url, queueModel(context), 'items[id,why,task[name,url]]');
    case '':
      return html(200, '<html><head><title>Dashboard [Jenkins]</title></head></html>');
    default: {
      const [, id] = /^queue\/item\/(\d+)\/api\/json$/.exec(path) ?? [];
      const item = context.queue.find(Number(id));
      if (item === undefined) return nodePage(url, path, context) ?? notFound();
      return api(url, itemModel(item, context), 'id,why,cancelled,executable[number,url]');
    }
  }
}

export function runPage(
  url: URL,
  at: { job: LiveJob; run: LiveRun; user: NamedUser | undefined; path: string },
  context: Context,
): Reply {
  const { job, run } = at;
  const plugin = context.options.stages ?? 'stages';
  if (at.path.startsWith('artifact/')) return artifactPage(run.spec, at.path);
  switch (at.path) {
    case 'api/json':
      return api(url, runModel(job, run, context), RUN_DEFAULTS);
    case 'consoleText':
      return plain(each(piecesOf(run.log, 0), withoutNotes));
    case 'logText/progressiveText':
      return progressiveText(url, run, context.options);
    case 'stages/tree':
    case 'pipeline-overview/tree':
      if (at.path !== `${plugin}/tree`) return notFound();
      return json({ status: 'ok', data: graph(run.spec) });
    case `${plugin}/steps`:
      return json({
        status: 'ok',
        data: graphSteps(run.spec, url.searchParams.get('nodeId') ?? ''),
      });
    case `${plugin}/exceptionText`:
      return plain(Buffer.from(exceptionText(run.spec, url.searchParams.get('nodeId') ?? '')));
    case `${plugin}/log`:
      return plain(Buffer.from(graphLog(run.spec, url.searchParams.get('nodeId') ?? '')));
    case 'wfapi/describe':
      return plugin === 'wfapi' ? json(describe(job, run.spec, context)) : notFound();
    case 'wfapi/pendingInputActions':
      if (plugin !== 'wfapi' && context.options.inputs !== 'stage view') return notFound();
      return json(pendingInputs(run, url.pathname.replace(/wfapi.*/, '')));
    case 'testReport/api/json':
      if (run.spec.tests === undefined) return notFound();
      return api(
        url,
        reportModel(run.spec.tests, run.number),
        'suites[name,cases[className,name,status]]',
      );
    case 'replay':
      return html(
        200,
        replayPage(run.spec, at.user?.replay ?? context.options.users === undefined),
      );
    default: {
      const [, node] = /^execution\/node\/(\d+)\/wfapi\/describe$/.exec(at.path) ?? [];
      return node === undefined || plugin !== 'wfapi'
        ? notFound()
        : json(describeStage(run.spec, node));
    }
  }
}

function artifactPage({ artifacts = {} }: RunSpec, path: string): Reply {
  const text = artifacts[decodeURIComponent(path.slice('artifact/'.length))];
  return text === undefined ? notFound() : plain(Buffer.from(text));
}

/** Up to 2.508, notes are stripped; from 2.509 they are sent, and a running log's part is cut. */
export function progressiveText(url: URL, run: LiveRun, options: JenkinsOptions): Reply {
  const [major = 2, minor = 0] = version(options).split('.').map(Number);
  const modern = major > 2 || minor >= 509;
  const running = isBuilding(run.spec);
  const size = sizeOf(run.log);
  const asked = Number(url.searchParams.get('start') ?? 0);
  let part = piecesOf(run.log, asked > size ? 0 : asked);
  if (modern && running) part = wholeLines(part, 10_000);
  if (!modern) part = each(part, withoutNotes);
  return plain(each(part, withCrlf), {
    'X-Text-Size': size,
    ...(running && { 'X-More-Data': 'true' }),
  });
}

function sizeOf(log: LiveRun['log']): number {
  return Buffer.isBuffer(log) ? log.length : log.size;
}

function piecesOf(log: LiveRun['log'], start: number): Iterable<Buffer> {
  return Buffer.isBuffer(log) ? [log.subarray(start)] : log.from(start);
}

function* each(pieces: Iterable<Buffer>, change: (piece: Buffer) => Buffer): Generator<Buffer> {
  for (const piece of pieces) yield change(piece);
}

function* wholeLines(pieces: Iterable<Buffer>, most: number): Generator<Buffer> {
  let left = most;
  for (const piece of pieces) {
    let end = 0;
    for (; left > 0; left--) {
      const newline = piece.indexOf(10, end);
      if (newline < 0) break;
      end = newline + 1;
    }
    yield piece.subarray(0, end);
    if (left === 0) return;
  }
}

export function withoutNotes(log: Buffer): Buffer {
  if (!log.includes('\u001b[8mha:')) return log;
  return Buffer.from(
    log.toString('latin1').replace(/\u001b\[8mha:[^\n]*?\u001b\[0m/g, ''),
    'latin1',
  );
}

/** As Jenkins' LineEndNormalizingWriter: LF becomes CRLF, CRLF stays. */
export function withCrlf(part: Buffer): Buffer {
  return Buffer.from(part.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}

export function replayPage(run: RunSpec, allowed: boolean): string {
  if (!allowed || run.script === undefined) return '<html><body><h1>Replay</h1></body></html>';
  const areas = Object.entries({ mainScript: run.script, ...run.loadedScripts }).map(
    ([name, text]) =>
      `<textarea name="_.${name.replaceAll('.', '_')}" checkMethod="post" class="jenkins-input">\n${escaped(text)}</textarea>`,
  );
  return `<html><body><form method="post" name="config" action="run">${areas.join('')}</form></body></html>`;
}

export function escaped(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#039;');
}
