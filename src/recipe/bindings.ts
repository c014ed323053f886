import type { CredentialKind } from '../base/secretChannel';
import { Unknown, type StepCall, type Value } from '../pipeline/effects';

/** One binding of `withCredentials`, or one `credentials('id')` of an `environment`. */
export interface Binding {
  readonly form: BindingForm;
  /** The credential's id at Jenkins; Unknown if it is computed. */
  readonly id: string | Unknown;
  /** What kind of credential it wants; undefined where any is taken. */
  readonly kind: CredentialKind | undefined;
  /** The variables that it sets, by their part in it: `variable`, `usernameVariable` … */
  readonly variables: ReadonlyMap<string, string>;
}

export type BindingForm =
  'environment' | 'text' | 'login' | 'pair' | 'file' | 'zip' | 'ssh' | 'certificate' | 'unknown';

/** The bindings of a `withCredentials`, `credentials` or `sshagent` call. */
export function bindingsOf(call: StepCall): Binding[] {
  if (call.name === 'credentials') {
    const variable = call.args.get('variable');
    const name = typeof variable === 'string' ? variable : '';
    return [
      {
        form: 'environment',
        id: idOf(call.args.get('id') ?? call.args.get('') ?? null),
        kind: undefined,
        variables: new Map([['variable', name]]),
      },
    ];
  }
  if (call.name === 'sshagent') {
    const ids = call.args.get('credentials') ?? call.args.get('') ?? [];
    const list = Array.isArray(ids) ? (ids as readonly Value[]) : [ids];
    return list.map((id) => ({ form: 'ssh', id: idOf(id), kind: 'ssh', variables: new Map() }));
  }
  if (call.name === 'docker.withRegistry') {
    const id = call.args.get('credentialsId') ?? '';
    return id === '' ? [] : [{ form: 'login', id: idOf(id), kind: 'login', variables: new Map() }];
  }
  if (call.name !== 'withCredentials') return [];
  const list = call.args.get('bindings') ?? call.args.get('') ?? [];
  return (Array.isArray(list) ? (list as readonly Value[]) : [list]).flatMap((binding) =>
    binding instanceof Map ? [bindingOf(binding as ReadonlyMap<string, Value>)] : [],
  );
}

function bindingOf(map: ReadonlyMap<string, Value>): Binding {
  const name = map.get('$symbol') ?? map.get('$class');
  const { form, kind } = (typeof name === 'string' ? FORMS[name] : undefined) ?? {
    form: 'unknown',
    kind: undefined,
  };
  const variables = new Map<string, string>();
  for (const [key, value] of map)
    if (/[vV]ariable$/.test(key) && typeof value === 'string' && value !== '')
      variables.set(key, value);
  return { form, kind, id: idOf(map.get('credentialsId') ?? null), variables };
}

function idOf(value: Value): string | Unknown {
  if (typeof value === 'string' || value instanceof Unknown) return value;
  return new Unknown('a credential without an id', 0);
}

type Form = Pick<Binding, 'form' | 'kind'>;

const TEXT: Form = { form: 'text', kind: 'text' };
const LOGIN: Form = { form: 'login', kind: 'login' };
const PAIR: Form = { form: 'pair', kind: 'login' };
const FILE: Form = { form: 'file', kind: 'file' };
const ZIP: Form = { form: 'zip', kind: 'file' };
const SSH: Form = { form: 'ssh', kind: 'ssh' };
const CERTIFICATE: Form = { form: 'certificate', kind: 'certificate' };

/** By the names of the bindings in a Jenkinsfile, and of their classes. */
const FORMS: Readonly<Record<string, Form>> = {
  string: TEXT,
  StringBinding: TEXT,
  usernamePassword: LOGIN,
  UsernamePasswordMultiBinding: LOGIN,
  AmazonWebServicesCredentialsBinding: LOGIN,
  aws: LOGIN,
  usernameColonPassword: PAIR,
  UsernamePasswordBinding: PAIR,
  file: FILE,
  FileBinding: FILE,
  kubeconfigFile: FILE,
  zip: ZIP,
  ZipFileBinding: ZIP,
  sshUserPrivateKey: SSH,
  SSHUserPrivateKeyBinding: SSH,
  certificate: CERTIFICATE,
  CertificateMultiBinding: CERTIFICATE,
};
