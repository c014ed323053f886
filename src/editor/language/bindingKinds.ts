/** A kind of credential that `withCredentials` binds to variables. */
export interface BindingKind {
  readonly name: string;
  readonly documentation: string;
  readonly parameters: readonly string[];
  /** In VS Code's syntax. */
  readonly snippet: string;
}

/** What the variables are called at first. */
const STOPS: Readonly<Record<string, string>> = {
  variable: 'TOKEN',
  usernameVariable: 'USERNAME',
  passwordVariable: 'PASSWORD',
  keyFileVariable: 'KEY_FILE',
  keystoreVariable: 'KEYSTORE',
};

export const BINDINGS: readonly BindingKind[] = [
  kind('string', 'A secret text.', ['variable']),
  kind('file', 'A secret file; the variable has its path.', ['variable']),
  kind('usernamePassword', 'A user name and a password, each in a variable.', [
    'usernameVariable',
    'passwordVariable',
  ]),
  kind('usernameColonPassword', 'A user name and a password as `name:password`.', ['variable']),
  kind('sshUserPrivateKey', 'An SSH key; the variable has the path of its file.', [
    'keyFileVariable',
    'usernameVariable',
    'passphraseVariable',
  ]),
  kind('certificate', 'A certificate in a key store.', [
    'keystoreVariable',
    'aliasVariable',
    'passwordVariable',
  ]),
  kind('zip', 'A secret zip file, unpacked; the variable has the folder.', ['variable']),
  kind('dockerCert', 'Certificates for a Docker server.', ['variable']),
];

function kind(name: string, documentation: string, variables: readonly string[]): BindingKind {
  const parameters = ['credentialsId', ...variables];
  const shown = variables.slice(0, name === 'usernamePassword' ? 2 : 1);
  const args = shown.map((each, at) => `${each}: '\${${at + 2}:${STOPS[each] ?? each}}'`);
  return {
    ...{ name, documentation, parameters },
    snippet: `${name}(credentialsId: '\${1:id}', ${args.join(', ')})$0`,
  };
}
