import { isUserError, messageOf } from '../../base/errors';
import { timeOf } from '../look/age';
import { asJenkinsError, type JenkinsErrorKind } from '../../jenkins/jenkinsError';
import { plain } from '../look/plain';
import type { Row } from '../look/row';
import type { Trouble } from './runStore';

/** How something that could not be read is shown: what is wrong, with what helps as its action. */
export function problemRow(error: unknown, id: string): Row {
  const { kind, distrusted } = asJenkinsError(error) ?? {};
  const advice = isUserError(error) ? (error.advice ?? '') : '';
  const trust = distrusted ? 'Look at its certificate…' : undefined;
  const action = trust ?? (kind && CONNECT[kind]);
  return {
    id,
    label: action ?? 'Try again',
    // The whole sentence begins with an address, of which a narrow view shows nothing else.
    description: kind ? SHORT[kind] : plain(messageOf(error)),
    mark: { icon: action === undefined ? 'warning' : 'key', color: 'testing.iconErrored' },
    context: action === undefined ? 'problem' : 'problem.signIn',
    tooltip: [messageOf(error), ...advice.split('\n')],
    spoken: `${messageOf(error)} ${advice}`,
    fold: 'leaf',
    command: action === undefined ? 'ciParity.refresh' : 'ciParity.connect',
  };
}

/** How it is shown that a server answers nobody: also since when, and when it is asked again. */
export function troubleRow({ error, since, again }: Trouble, id: string, now: number): Row {
  const row = problemRow(error, id);
  const when = [
    `since ${timeOf(since, now)}`,
    ...(again === undefined || again <= now ? [] : [`tries again at ${timeOf(again, now)}`]),
  ];
  return {
    ...row,
    description: [row.description, ...when].join(' · '),
    tooltip: [...(row.tooltip ?? []), when.join(', ')],
    spoken: [row.spoken, ...when].join(', '),
  };
}

/** What connecting again helps against. */
const CONNECT: Readonly<Partial<Record<JenkinsErrorKind, string>>> = {
  'sign-in': 'Sign in…',
  unauthorized: 'Sign in again…',
  forbidden: 'Sign in again…',
  certificate: 'Choose your certificate…',
  passphrase: 'Unlock your certificate…',
};

const SHORT: Readonly<Record<JenkinsErrorKind, string>> = {
  unauthorized: 'wrong user name or token',
  'sign-in': 'it wants to know you',
  'single-sign-on': 'it is behind single sign-on',
  forbidden: 'you may not see this',
  'not-found': 'it is not there',
  busy: 'the server has too much to do',
  'server-error': 'the server has a problem',
  redirect: 'it points elsewhere',
  'not-jenkins': 'no Jenkins answers',
  malformed: 'no data came back',
  truncated: 'the answer broke off',
  'too-large': 'the answer is too large',
  timeout: 'no answer in time',
  refused: 'connection refused',
  dns: 'no host of that name',
  tls: 'no secure connection',
  certificate: 'it wants a certificate of yours',
  passphrase: 'the key of your certificate is locked',
  proxy: 'the proxy does not let us through',
  network: 'it cannot be reached',
};
