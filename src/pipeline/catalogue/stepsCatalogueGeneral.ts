// Steps that come with Pipeline itself. `catalogueNotation.ts` tells how to read this.

export const GENERAL_STEPS = `
sh node closed
  Runs a shell script; fails unless its exit code is 0. Starts with \`sh -xe\`, or with the script's own \`#!\` line.
  * script string! The commands.
  - returnStdout boolean=false Give what it prints instead of showing it.
  - returnStatus boolean=false Give the exit code instead of failing.
  - label string What the log and the stages call it.
  - encoding string The output's encoding.
bat node closed
  Runs a Windows batch script; fails unless its exit code is 0.
  * script string! The commands.
  - returnStdout boolean=false Give what it prints instead of showing it.
  - returnStatus boolean=false Give the exit code instead of failing.
  - label string What the log and the stages call it.
  - encoding string The output's encoding.
powershell node
  Runs a script with Windows PowerShell.
  * script string! The commands.
  - returnStdout boolean=false Give what it prints instead of showing it.
  - returnStatus boolean=false Give the exit code instead of failing.
  - label string What the log and the stages call it.
  - encoding string The output's encoding.
pwsh node
  Runs a script with PowerShell Core.
  * script string! The commands.
  - returnStdout boolean=false Give what it prints instead of showing it.
  - returnStatus boolean=false Give the exit code instead of failing.
  - label string What the log and the stages call it.
  - encoding string The output's encoding.
echo closed
  Writes a line to the log.
  * message string! The line.
error closed
  Fails, with this message.
  * message string! Said in the log.
unstable closed
  Marks the stage and the run as unstable, and goes on.
  * message string! Said in the log.
catchError body closed
  Goes on after an error in its body, and marks the run and the stage.
  - buildResult SUCCESS|UNSTABLE|FAILURE|NOT_BUILT|ABORTED=FAILURE What the run becomes.
  - stageResult SUCCESS|UNSTABLE|FAILURE|NOT_BUILT|ABORTED=SUCCESS What the stage becomes.
  - message string Said in the log.
  - catchInterruptions boolean=true Whether aborts are caught, too.
warnError body closed
  Goes on after an error in its body, and marks the run and the stage as unstable.
  * message string! Said in the log.
  - catchInterruptions boolean=true Whether aborts are caught, too.
timeout body closed
  Aborts its body when it takes longer.
  * time integer! How long.
  - unit NANOSECONDS|MICROSECONDS|MILLISECONDS|SECONDS|MINUTES|HOURS|DAYS=MINUTES What \`time\` counts.
  - activity boolean=false Count anew from each line of output.
  > timeout(time: <1:30>, unit: '<2|MINUTES,SECONDS,HOURS,DAYS|>') {\\n\\t<0>\\n}
retry body closed
  Runs its body again when it fails.
  * count integer! How often at most, the first time included.
  - conditions list Only after failures of these kinds: \`agent()\`, \`nonresumable()\`.
waitUntil body closed
  Runs its body again and again until it gives \`true\`, with growing pauses.
  - initialRecurrencePeriod any=250 The first pause, in milliseconds.
  - quiet boolean=false Whether each try is left out of the log.
sleep closed
  Waits.
  * time integer! How long.
  - unit NANOSECONDS|MICROSECONDS|MILLISECONDS|SECONDS|MINUTES|HOURS|DAYS=SECONDS What \`time\` counts.
stage body
  A named part of the run. In Declarative only in \`stages\`, not in \`steps\`.
  * name string! Its name.
  - concurrency integer No longer used.
node body
  Takes a node and a workspace on it for its body.
  * label string Which nodes: a label, or an expression of labels.
  > node('<1:label>') {\\n\\t<0>\\n}
parallel
  Runs branches at the same time: a map of names and closures.
  - failFast boolean=false The first that fails ends the others.
  > parallel(\\n\\t<1:one>: { <2> },\\n\\t<3:two>: { <4> }\\n)
script body
  Code in all of the language, inside of Declarative.
dir body node closed
  Changes into a folder for its body; the folder is made if it is not there.
  * path string! The folder, relative to the current one.
ws body
  Takes another workspace for its body.
  * dir string! Its path.
withEnv body closed
  Sets environment variables for its body.
  * overrides list! \`NAME=value\`; \`PATH+X=dir\` puts a folder first.
  > withEnv(['<1:NAME=value>']) {\\n\\t<0>\\n}
withContext body
  Gives an object to the steps inside. For experts.
  * context any! The object.
getContext
  Gives an object of the run. For experts.
  * type any! Its class.
isUnix node closed
  Tells whether the node is a Unix.
pwd node closed
  Gives the current folder's path.
  - tmp boolean=false The folder for temporary files beside the workspace.
fileExists node closed
  Tells whether a file or folder is there.
  * file string! Its path.
readFile node closed
  Gives a file's text.
  * file string! Its path.
  - encoding string The text's encoding, or Base64.
writeFile node closed
  Writes a text into a file.
  - file string! Its path.
  - text string! What it holds.
  - encoding string The text's encoding, or Base64.
deleteDir node closed
  Deletes the current folder and all in it.
stash node closed
  Keeps files for other nodes of the same run; \`unstash\` brings them.
  * name string! Its name.
  - includes string=** Which files: Ant patterns, separated by commas.
  - excludes string Which not.
  - useDefaultExcludes boolean=true Without .git and its like.
  - allowEmpty boolean=false Whether it may hold nothing.
unstash node closed
  Brings the files of a stash into the current folder.
  * name string! The stash.
archive node closed
  Keeps files with the run. Older than archiveArtifacts.
  * includes any! Which files.
  - excludes string Which not.
unarchive node
  Brings files that were kept with the run.
  - mapping map Which files, and where to.
archiveArtifacts node closed
  Keeps files with the run.
  * artifacts string! Which files: Ant patterns, separated by commas.
  - allowEmptyArchive boolean=false Whether it is well if there are none.
  - caseSensitive boolean=true Whether letters' case matters.
  - defaultExcludes boolean=true Without .git and its like.
  - excludes string Which not.
  - fingerprint boolean=false Whether to record their checksums.
  - followSymlinks boolean=true Whether links are followed.
  - onlyIfSuccessful boolean=false Only if the run is well so far.
fingerprint node
  Records checksums of files, to find them in other runs.
  * targets string! Which files.
  - caseSensitive boolean=true Whether letters' case matters.
  - defaultExcludes boolean=true Without .git and its like.
  - excludes string Which not.
mail closed
  Sends a mail.
  - subject string! Its subject.
  - body string! Its text.
  - to string Who gets it.
  - from string Who sends it.
  - cc string Who else gets it.
  - bcc string Who gets it unseen.
  - replyTo string Who is answered.
  - charset string=UTF-8 The text's encoding.
  - mimeType string=text/plain What kind of text.
tool node closed
  Installs a tool and gives its path.
  * name string! Its name in Jenkins' configuration.
  - type string What kind of tool.
wrap body
  Runs its body in an older plugin's wrapper.
  * delegate any! The wrapper: \`[$class: '…']\`.
step
  Runs an older plugin's build step.
  * delegate any! The step: \`[$class: '…']\`.
build
  Starts another job and waits for it.
  * job string! Its path.
  - parameters list Its parameters: \`string(name: 'X', value: 'y')\` and others.
  - wait boolean=true Whether to wait until it ends.
  - propagate boolean=true Whether its failure is this run's.
  - quietPeriod integer How many seconds it waits in the queue.
  - waitForStart boolean=false Whether to wait until it starts.
waitForBuild
  Waits for a run of another job.
  * runId string! The run: \`job#1\`.
  - propagate boolean=false Whether its failure is this run's.
input
  Waits until somebody answers; gives what was entered.
  * message string! What is asked.
  - id string Its id, for its address.
  - ok string The text of the button.
  - parameters list What is asked for.
  - submitter string Who may answer.
  - submitterParameter string A variable that tells who answered.
  - cancel string The text of the other button.
milestone
  Ends older runs that have not come this far.
  * ordinal integer Its number; they grow.
  - label string Its name.
  - unsafe boolean=false Whether it may stand in parallel branches.
properties
  Sets the job's properties: parameters, triggers, which runs are kept.
  * properties list! Such as \`parameters([…])\`, \`pipelineTriggers([…])\`.
load node
  Runs a Groovy file of the workspace, and gives what it returns.
  * path string! The file.
evaluate
  Runs a text as Groovy.
  * script string! The code.
library
  Loads a shared library; gives an object with its classes.
  * identifier string! Its name and version: \`name@version\`.
  - retriever any Where from, if Jenkins does not know it.
  - changelog boolean=true Whether its changes count as the run's.
libraryResource
  Gives the text of a library's file under resources/.
  * resource string! Its path.
  - encoding string The text's encoding, or Base64.
readTrusted
  Gives a file of the repository as trusted people wrote it, not a fork.
  * path string! The file.
resolveScm
  Chooses the first of several branches that is there.
  - source any! Where to look.
  - targets list! The branches.
  - ignoreErrors boolean=false Whether errors are ignored.
checkout node
  Gets the source. \`checkout scm\` is the run's own commit.
  * scm any! \`scm\`, or another source: \`scmGit(…)\`.
  - poll boolean=true Whether it is looked at for changes.
  - changelog boolean=true Whether its changes count as the run's.
  > checkout scm
git node
  Clones a git repository and checks a branch out.
  * url string! Its address.
  - branch string=master Which branch.
  - credentialsId string The id of the credentials.
  - poll boolean=true Whether it is looked at for changes.
  - changelog boolean=true Whether its changes count as the run's.
svn node
  Checks a Subversion repository out.
  * url string! Its address.
  - poll boolean=true Whether it is looked at for changes.
  - changelog boolean=true Whether its changes count as the run's.
withCredentials body
  Sets variables to credentials for its body; they are masked in the log.
  * bindings list! \`string(…)\`, \`usernamePassword(…)\`, \`file(…)\`, \`sshUserPrivateKey(…)\` and others.
  > withCredentials([<1|string,file|>(credentialsId: '<2:id>', variable: '<3:NAME>')]) {\\n\\t<0>\\n}
timestamps body
  Puts the time before each line of its body's log.
junit node
  Reads test results; a failed test makes the run unstable.
  * testResults string! Which files: Ant patterns, separated by commas.
  - allowEmptyResults boolean=false Whether it is well if there are none.
  - healthScaleFactor any=1.0 How much a failure counts for the job's weather.
  - keepLongStdio boolean=false Whether all output of tests is kept.
  - skipPublishingChecks boolean=false Whether checks are left out.
  - checksName string The name of the check.
  - skipMarkingBuildUnstable boolean=false Whether the run stays as it is.
  - skipOldReports boolean=false Whether older files are left out.
  - testDataPublishers list What else is done with the results.
validateDeclarativePipeline
  Tells whether a file is a correct Declarative Pipeline.
  * path string! The file.
println
  Writes a line to the log.
  * message any! The line.
print
  Writes to the log.
  * message any! What.
sprintf
  Gives a text in which the places of a format, as %5d, are filled in.
  * format string! The format; what fills it in follows.
`;
