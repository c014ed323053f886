import { readCatalogue, snippetOf } from './catalogueNotation';
import type { Description } from './catalogueNotation';

/** What is written like a call, but only describes something to a step or an option around it. */
export interface ArgumentDescription extends Description {
  /** The step or option that takes it. */
  readonly owner: string;
  /** To complete it with, in VS Code's syntax. */
  readonly snippet: string;
}

const PAGE = `
any agent
  On any node.
  > any
none agent
  On no node of its own: stages choose theirs, and steps that want one fail.
  > none
string withCredentials
  A secret text in a variable.
  - credentialsId string! The id.
  - variable string! The variable.
usernamePassword withCredentials
  A user's name and password in two variables.
  - credentialsId string! The id.
  - usernameVariable string! The variable for the name.
  - passwordVariable string! The variable for the password.
usernameColonPassword withCredentials
  \`name:password\` in a variable.
  - credentialsId string! The id.
  - variable string! The variable.
file withCredentials
  A secret file, its path in a variable.
  - credentialsId string! The id.
  - variable string! The variable.
zip withCredentials
  A secret archive, unpacked, its path in a variable.
  - credentialsId string! The id.
  - variable string! The variable.
sshUserPrivateKey withCredentials
  A private key, its file's path in a variable.
  - credentialsId string! The id.
  - keyFileVariable string! The variable for the path.
  - usernameVariable string The variable for the user's name.
  - passphraseVariable string The variable for the passphrase.
certificate withCredentials
  A certificate, its keystore's path in a variable.
  - credentialsId string! The id.
  - keystoreVariable string! The variable for the path.
  - aliasVariable string The variable for the key's name.
  - passwordVariable string The variable for the password.
dockerCert withCredentials
  A folder with a Docker client's certificates, its path in a variable.
  - credentialsId string! The id.
  - variable string! The variable.
logRotator buildDiscarder
  Keeps so many runs, or for so many days. Numbers are written as strings.
  - numToKeepStr string How many runs.
  - daysToKeepStr string How many days.
  - artifactNumToKeepStr string Of how many runs the files.
  - artifactDaysToKeepStr string For how many days the files.
  - removeLastBuild boolean=false Whether the newest may go, too.
  > logRotator(numToKeepStr: '<1:20>')
parameters properties
  The job's parameters: a list of \`string(…)\`, \`choice(…)\` and others.
  * parameterDefinitions list! The parameters.
pipelineTriggers properties
  What starts the job: a list of \`cron(…)\`, \`pollSCM(…)\` and others.
  * triggers list! The triggers.
buildDiscarder properties
  Which old runs are kept.
  * strategy any! \`logRotator(…)\`.
disableConcurrentBuilds properties
  One run of the job at a time.
  - abortPrevious boolean=false Aborts the older run instead of waiting for it.
scmGit checkout
  A git repository.
  - userRemoteConfigs list! \`[[url: '…', credentialsId: '…']]\`.
  - branches list! \`[[name: '…']]\`.
  - extensions list More settings: \`cloneOption(…)\`, \`submodule(…)\`.
string build
  A text for the other job's parameter.
  - name string! The parameter.
  - value string! The text.
text build
  Lines for the other job's parameter.
  - name string! The parameter.
  - value string! The text.
booleanParam build
  Yes or no for the other job's parameter.
  - name string! The parameter.
  - value boolean! Which.
credentials build
  The id of credentials for the other job's parameter.
  - name string! The parameter.
  - value string! The id.
password build
  A secret for the other job's parameter.
  - name string! The parameter.
  - value any! The secret.
agent retry
  After the node was lost.
nonresumable retry
  After Jenkins was restarted in a step that cannot go on.
configFile configFileProvider
  A file from Jenkins' configuration.
  - fileId string! Its id.
  - variable string The variable for its path.
  - targetLocation string Where it is put.
  - replaceTokens boolean=false Whether variables in it are filled in.
`;

/** Of one name there may be several, for different owners: `string` is a credential and a parameter. */
export const ARGUMENTS: readonly ArgumentDescription[] = readCatalogue(PAGE).map(
  ({ words: [owner = ''], snippet, ...entry }) => ({
    ...entry,
    owner,
    snippet: snippet ?? snippetOf(entry, false),
  }),
);
