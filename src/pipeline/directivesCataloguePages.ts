// What Declarative knows, by the blocks it may stand in. `catalogueNotation.ts` tells how to read it.

/** Pages of the catalogue by the contexts they are for, separated by blanks. */
export const DIRECTIVE_PAGES: Readonly<Record<string, string>> = {
  file: `
pipeline block
  A Declarative Pipeline: all of the run. Beside it stand only imports, functions, variables, and \`@Library\`.
  > pipeline {\\n\\tagent <1:any>\\n\\tstages {\\n\\t\\tstage('<2:Build>') {\\n\\t\\t\\tsteps {\\n\\t\\t\\t\\t<0>\\n\\t\\t\\t}\\n\\t\\t}\\n\\t}\\n}
`,
  'pipeline stage matrix': `
agent block
  Where to run: on any node, on none, on one with a label, or in a container. The pipeline must have one; a stage's own comes with a workspace and a checkout of its own.
  > agent <1:any>
environment block
  Variables for the steps inside. A value is a constant, a string with \`\${…}\`, a sum of those, or a call such as \`credentials('id')\`.
  > environment {\\n\\t<1:NAME> = '<2:value>'\\n}
options block
  Settings of the pipeline, or wrappers around the stage: timeout, retry, timestamps and others.
tools block
  Tools that are installed and put on the PATH, by the names they have in Jenkins' configuration.
post block
  What to do at the end, by the result. The order is fixed: \`always\` first, \`cleanup\` last.
`,
  pipeline: `
stages block
  The stages of the pipeline, one after the other. At least one.
parameters block
  What is asked when the run is started by hand. Steps see them as \`params.NAME\`, and in the environment.
triggers block
  What starts the pipeline by itself: a time, a change, another job.
libraries block
  Shared libraries that are loaded before the pipeline starts.
`,
  'stages parallel': `
stage block
  A named part of the run, with steps, or with stages, branches or a matrix of its own. Names are unique.
  > stage('<1:name>') {\\n\\tsteps {\\n\\t\\t<0>\\n\\t}\\n}
`,
  stage: `
steps block
  What the stage does: a list of steps. Anything else of the language stands in \`script { }\`.
stages block
  Stages inside of this one, one after the other. Instead of \`steps\`.
parallel block
  Stages that run at the same time. Instead of \`steps\`; the stage around them has no agent or tools.
  > parallel {\\n\\tstage('<1:name>') {\\n\\t\\tsteps {\\n\\t\\t\\t<0>\\n\\t\\t}\\n\\t}\\n}
matrix block
  The same stages for each combination of the axes' values, at the same time. Instead of \`steps\`.
  > matrix {\\n\\taxes {\\n\\t\\taxis {\\n\\t\\t\\tname '<1:NAME>'\\n\\t\\t\\tvalues '<2:one>', '<3:two>'\\n\\t\\t}\\n\\t}\\n\\tstages {\\n\\t\\t<0>\\n\\t}\\n}
failFast
  With \`true\`, the first branch that fails ends the others. Beside \`parallel\` or \`matrix\` only.
  > failFast true
`,
  'stage matrix': `
when block
  Runs the stage only if all conditions in it hold.
input block
  Waits until somebody says that the stage may go on. By default it asks before \`when\` is looked at.
  > input {\\n\\tmessage '<1:Go on?>'\\n}
`,
  matrix: `
axes block
  The axes of the matrix; there is a cell for each combination of their values.
stages block
  What each cell runs, one stage after the other.
excludes block
  Combinations that are left out.
`,
  axes: `
axis block
  A variable of the matrix, and the values it takes.
  > axis {\\n\\tname '<1:NAME>'\\n\\tvalues '<2:one>', '<3:two>'\\n}
`,
  'axis excludedAxis': `
name
  The name of the axis; each cell has it as an environment variable.
  > name '<1:NAME>'
values
  The values of the axis; in \`exclude\`, those that it is about.
  > values '<1:value>'
`,
  excludes: `
exclude block
  Leaves out the cells that fit all of the axes in it.
  > exclude {\\n\\taxis {\\n\\t\\tname '<1:NAME>'\\n\\t\\tvalues '<2:value>'\\n\\t}\\n}
`,
  exclude: `
axis block
  An axis of the matrix, with the values, or \`notValues\`, that are left out.
  > axis {\\n\\tname '<1:NAME>'\\n\\tvalues '<2:value>'\\n}
`,
  excludedAxis: `
notValues
  Leaves out all values but these.
  > notValues '<1:value>'
`,
  steps: `
script block
  Code in all of the language: variables, conditions, loops, calls on objects.
`,
  post: `
always block
  Whatever the result. It comes first.
changed block
  If the result differs from that of the run before. Also on a first run.
fixed block
  If it succeeds, and the run before failed or was unstable.
regression block
  If it fails, is unstable or aborted, and the run before succeeded.
aborted block
  If it was aborted: by a person, by a newer run, by a timeout.
success block
  If it succeeded.
unsuccessful block
  If it did anything but succeed.
unstable block
  If it is unstable: tests failed, or a step such as \`unstable\` said so.
failure block
  If it failed.
notBuilt block
  If it was not built.
cleanup block
  Whatever the result, after all the others.
`,
  when: `
branch
  If the branch fits the pattern, as in \`branch 'release/*'\`. Only in multibranch jobs.
  * pattern string! The branch, or an Ant pattern.
  - comparator GLOB|REGEXP|EQUALS=GLOB How the pattern is compared.
buildingTag
  If a tag is built.
  > buildingTag()
tag
  If a tag is built that fits the pattern.
  * pattern string! The tag, or an Ant pattern.
  - comparator GLOB|REGEXP|EQUALS=GLOB How the pattern is compared.
changelog
  If the message of one of the run's commits fits the regular expression. Never on a first run.
  * pattern string! A regular expression.
changeset
  If one of the run's changed files fits the pattern. Never on a first run.
  * pattern string! An Ant pattern; letters' case does not matter.
  - caseSensitive boolean=false Whether letters' case matters.
  - comparator GLOB|REGEXP|EQUALS=GLOB How the pattern is compared.
changeRequest
  If the run is for a pull request; with an argument, for one that fits.
  - id string Its number.
  - target string The branch it is for.
  - branch string The branch it comes from.
  - fork string The repository it comes from.
  - url string Its address.
  - title string Its title.
  - author string Its author's name.
  - authorDisplayName string Its author's full name.
  - authorEmail string Its author's address.
  - comparator GLOB|REGEXP|EQUALS=EQUALS How the values are compared.
  > changeRequest()
environment
  If an environment variable has the value.
  - name string! The variable.
  - value string! Its value.
  - ignoreCase boolean=false Whether letters' case is ignored.
equals
  If both are the same, as Groovy's \`==\` says: the number 2 and the text '2' are not.
  - expected any! What it should be.
  - actual any! What it is.
expression block
  If the code gives a true value. A text is true unless it is empty, 'false' too.
  > expression { <0> }
triggeredBy
  If the run was started in this way.
  * cause string! SCMTrigger, TimerTrigger, BuildUpstreamCause or UserIdCause.
  - detail string More about it: for UserIdCause, who it was.
  > triggeredBy '<1:TimerTrigger>'
isRestartedRun
  If the run was restarted from a stage.
  > isRestartedRun()
not block
  If the condition in it does not hold. It takes one.
allOf block
  If all conditions in it hold. That is also the rule without it.
anyOf block
  If one of the conditions in it holds.
beforeAgent
  With \`true\`, the conditions are looked at before a node is taken.
  > beforeAgent true
beforeInput
  With \`true\`, the conditions are looked at before \`input\` asks.
  > beforeInput true
beforeOptions
  With \`true\`, the conditions are looked at before the stage's options.
  > beforeOptions true
`,
  'options stageOptions': `
skipDefaultCheckout
  No checkout at the start of an agent: the workspace is as it is.
  > skipDefaultCheckout()
checkoutToSubdirectory
  Checks out into this folder of the workspace.
  * subdirectory string! The folder.
  > checkoutToSubdirectory('<1:folder>')
timeout
  Aborts when it takes longer.
  * time integer! How long.
  - unit NANOSECONDS|MICROSECONDS|MILLISECONDS|SECONDS|MINUTES|HOURS|DAYS=MINUTES What \`time\` counts.
  - activity boolean=false Count anew from each line of output.
  > timeout(time: <1:30>, unit: '<2|MINUTES,SECONDS,HOURS,DAYS|>')
retry
  Tries all of it again when it fails.
  * count integer! How often at most, the first time included.
  - conditions list Only after failures of these kinds: \`agent()\`, \`nonresumable()\`.
timestamps
  Puts the time before each line of the log.
  > timestamps()
ansiColor
  Shows the log's colours.
  * colorMapName string! xterm, vga, css or gnome-terminal.
  > ansiColor('<1:xterm>')
lock
  Waits until a resource is free, and holds it.
  * resource string The resource.
  - label string Any resource with this label.
  - quantity integer How many of the label.
  - variable string A variable that tells which were given.
  - inversePrecedence boolean=false The newest run first.
  - skipIfLocked boolean=false Skips the work instead of waiting.
  - extra list More resources.
  > lock(resource: '<1:name>')
withCredentials
  Gives credentials to all of it. \`environment\` with \`credentials()\` is mostly easier.
  * bindings list! What to bind, as in the step.
catchError
  Marks the stage as failed and goes on.
  - buildResult SUCCESS|UNSTABLE|FAILURE|NOT_BUILT|ABORTED=FAILURE What the run becomes.
  - stageResult SUCCESS|UNSTABLE|FAILURE|NOT_BUILT|ABORTED=SUCCESS What the stage becomes.
  - message string Said in the log.
  - catchInterruptions boolean=true Whether aborts are caught, too.
warnError
  Marks the run and the stage as unstable when it fails, and goes on.
  * message string! Said in the log.
  - catchInterruptions boolean=true Whether aborts are caught, too.
`,
  options: `
buildDiscarder
  Which old runs are kept.
  * strategy any! \`logRotator(…)\`.
  > buildDiscarder(logRotator(numToKeepStr: '<1:20>'))
disableConcurrentBuilds
  One run of the job at a time.
  - abortPrevious boolean=false Aborts the older run instead of waiting for it.
  > disableConcurrentBuilds()
disableRestartFromStage
  No restart of the run from one of its stages.
disableResume
  Does not go on after Jenkins was restarted.
durabilityHint
  How much is written down to survive a crash of Jenkins.
  * hint PERFORMANCE_OPTIMIZED|SURVIVABLE_NONATOMIC|MAX_SURVIVABILITY! The setting.
  > durabilityHint('<1|PERFORMANCE_OPTIMIZED,SURVIVABLE_NONATOMIC,MAX_SURVIVABILITY|>')
newContainerPerStage
  With an agent in a container, each stage has a new one.
overrideIndexTriggers
  Whether indexing the branches starts runs, against the job's setting.
  * enableTriggers boolean! Whether it does.
parallelsAlwaysFailFast
  As \`failFast true\` in every \`parallel\` and \`matrix\`.
preserveStashes
  Keeps stashes of finished runs, to restart from a stage.
  - buildCount integer=1 Of how many runs.
  > preserveStashes(buildCount: <1:5>)
quietPeriod
  How long a run waits in the queue before it starts.
  * quietPeriod integer! Seconds.
  > quietPeriod(<1:30>)
rateLimitBuilds
  How many runs may start in a time.
  * throttle any! \`[count: 1, durationName: 'hour', userBoost: false]\`.
  > rateLimitBuilds(throttle: [count: <1:1>, durationName: '<2|second,minute,hour,day,week,month,year|>', userBoost: <3|false,true|>])
skipStagesAfterUnstable
  Skips the rest when the run has become unstable.
copyArtifactPermission
  Which jobs may copy this one's artifacts.
  * projectNames string! Their names, separated by commas.
disabled
  Whether the job is off.
  * disabled boolean Whether it is.
gitLabConnection
  Which connection to GitLab tells about the run.
  * gitLabConnection string! Its name.
throttleJobProperty
  How many runs at a time, by categories or nodes.
  - categories list The categories.
  - maxConcurrentPerNode integer At most on a node.
  - maxConcurrentTotal integer At most in all.
  - throttleEnabled boolean Whether it is on.
  - throttleOption string category or project.
  - limitOneJobWithMatchingParams boolean One run for each set of parameters.
  - paramsToUseForLimit string The parameters that count.
githubProjectProperty
  The job's address at GitHub.
  * projectUrlStr string! The address.
  - displayName string The name in statuses.
`,
  parameters: `
string
  A line of text.
  - name string! The parameter.
  - defaultValue string If nothing else is said.
  - description string What it is for.
  - trim boolean=false Without blanks around it.
  > string(name: '<1:NAME>', defaultValue: '<2>', description: '<3>')
text
  Text of several lines.
  - name string! The parameter.
  - defaultValue string If nothing else is said.
  - description string What it is for.
  - trim boolean=false Without blanks around it.
  > text(name: '<1:NAME>', defaultValue: '<2>', description: '<3>')
booleanParam
  Yes or no.
  - name string! The parameter.
  - defaultValue boolean=false If nothing else is said.
  - description string What it is for.
  > booleanParam(name: '<1:NAME>', defaultValue: <2|false,true|>, description: '<3>')
choice
  One of several values; the first is the default.
  - name string! The parameter.
  - choices any! A list, or lines of text.
  - description string What it is for.
  > choice(name: '<1:NAME>', choices: ['<2:one>', '<3:two>'], description: '<4>')
password
  A text that is not shown.
  - name string! The parameter.
  - defaultValue string If nothing else is said.
  - defaultValueAsSecret any The same, as a secret.
  - description string What it is for.
  > password(name: '<1:NAME>', description: '<2>')
file
  A file that is uploaded.
  - name string! Where it is put in the workspace.
  - description string What it is for.
run
  A finished run of another job.
  - name string! The parameter.
  - projectName string! The job.
  - description string What it is for.
  - filter ALL|STABLE|SUCCESSFUL|COMPLETED Which runs can be chosen.
credentials
  Credentials, by their id.
  - name string! The parameter.
  - credentialType string The class of the credentials.
  - defaultValue string The id if nothing else is said.
  - description string What it is for.
  - required boolean=false Whether it may be empty.
  > credentials(name: '<1:NAME>', credentialType: '<2>', defaultValue: '<3>', required: <4|false,true|>)
gitParameter
  A branch, tag or revision of the repository.
  - name string! The parameter.
  - type string! PT_BRANCH, PT_TAG, PT_BRANCH_TAG, PT_REVISION or PT_PULL_REQUEST.
  - defaultValue string If nothing else is said.
  - branch string The branch whose revisions are shown.
  - branchFilter string A regular expression for branches.
  - tagFilter string A pattern for tags.
  - sortMode string How they are sorted.
  - selectedValue string Which is chosen at first.
  - useRepository string Which repository.
  - quickFilterEnabled boolean A field to filter with.
  - listSize string How many are shown.
  - requiredParameter boolean Whether it may be empty.
  - description string What it is for.
`,
  triggers: `
cron
  Starts at these times.
  * spec string! Minute, hour, day, month, weekday; \`H\` spreads the load.
  > cron('<1:H 2 * * *>')
pollSCM
  Looks for changes at these times, and starts if there are any.
  * scmpoll_spec string! Times, as for \`cron\`.
  - ignorePostCommitHooks boolean=false Not told by hooks.
  > pollSCM('<1:H/5 * * * *>')
upstream
  Starts after other jobs.
  * upstreamProjects string! The jobs, separated by commas.
  - threshold any What they must have come to: \`hudson.model.Result.SUCCESS\`.
  > upstream(upstreamProjects: '<1:job>', threshold: hudson.model.Result.SUCCESS)
githubPush
  Starts on a push to GitHub.
  > githubPush()
gitlab
  Starts on what happens at GitLab.
bitbucketPush
  Starts on a push to Bitbucket.
issueCommentTrigger
  Starts when a comment on the pull request fits.
  * commentPattern string! A regular expression.
parameterizedCron
  Starts at times, with parameters.
  * parameterizedSpecification string! Lines: times, then \`%NAME=value;…\`.
GenericTrigger
  Starts on a request, with variables taken from it.
`,
  agent: `
any
  Any node.
  > any
none
  No node for all of it; stages choose their own.
  > none
label
  A node with the label, or with labels that an expression names.
  > label '<1:label>'
node block
  As \`label\`, with more settings.
  > node {\\n\\tlabel '<1:label>'\\n}
docker block
  In a container of an image.
  > docker {\\n\\timage '<1:image>'\\n}
dockerfile block
  In a container of an image that is built from the repository's Dockerfile.
  > dockerfile {\\n\\tfilename '<1:Dockerfile>'\\n}
kubernetes block
  In a pod of a Kubernetes cluster.
  > kubernetes {\\n\\tyaml '''\\n<1>\\n'''\\n}
`,
  docker: `
image
  The image, with its tag.
  > image '<1:image>'
alwaysPull
  Whether to pull the image even if it is there.
  > alwaysPull <1|true,false|>
containerPerStageRoot
  Each stage has a new container; as the option newContainerPerStage.
`,
  dockerfile: `
filename
  The Dockerfile's name, if it is another.
  > filename '<1:Dockerfile>'
dir
  The folder it is in, and that is sent to the build.
  > dir '<1:folder>'
additionalBuildArgs
  More arguments for \`docker build\`.
  > additionalBuildArgs '<1:--build-arg NAME=value>'
`,
  'docker dockerfile': `
args
  More arguments for \`docker run\`.
  > args '<1:-v /tmp:/tmp>'
registryUrl
  The registry.
  > registryUrl '<1:https://>'
registryCredentialsId
  The id of the credentials for the registry.
  > registryCredentialsId '<1:id>'
reuseNode
  With \`true\`, on the node and in the workspace of the agent around it.
  > reuseNode <1|true,false|>
`,
  'node docker dockerfile kubernetes': `
label
  A node with this label.
  > label '<1:label>'
customWorkspace
  The path of the workspace, instead of Jenkins' own.
  > customWorkspace '<1:path>'
`,
  kubernetes: `
yaml
  The pod, as YAML.
yamlFile
  A file of the repository that holds the pod as YAML.
  > yamlFile '<1:pod.yaml>'
inheritFrom
  The templates that the pod builds on.
  > inheritFrom '<1:template>'
defaultContainer
  The container that steps run in.
  > defaultContainer '<1:name>'
cloud
  The cloud, by its name in Jenkins.
  > cloud '<1:kubernetes>'
namespace
  The namespace in the cluster.
serviceAccount
  The service account of the pod.
nodeSelector
  Which of the cluster's nodes.
workingDir
  The working directory in the containers.
activeDeadlineSeconds
  How long the pod may live.
slaveConnectTimeout
  How many seconds to wait for the pod.
idleMinutes
  How long the pod stays after its last use.
podRetention
  Whether the pod stays after the run.
retries
  How often to try again if the pod is lost.
showRawYaml
  Whether the log shows the pod.
yamlMergeStrategy
  How YAML is put together with the template's.
containerTemplate block
  A container of the pod.
`,
  tools: `
maven
  A Maven, by its name in Jenkins' configuration.
  > maven '<1:name>'
jdk
  A JDK, by its name in Jenkins' configuration.
  > jdk '<1:name>'
gradle
  A Gradle, by its name in Jenkins' configuration.
  > gradle '<1:name>'
ant
  An Ant, by its name in Jenkins' configuration.
  > ant '<1:name>'
nodejs
  A Node.js, by its name in Jenkins' configuration.
  > nodejs '<1:name>'
go
  A Go, by its name in Jenkins' configuration.
  > go '<1:name>'
git
  A git, by its name in Jenkins' configuration.
  > git '<1:name>'
dockerTool
  A Docker client, by its name in Jenkins' configuration.
  > dockerTool '<1:name>'
terraform
  A Terraform, by its name in Jenkins' configuration.
  > terraform '<1:name>'
`,
  input: `
message
  What is asked.
  > message '<1:Go on?>'
id
  The input's id, for its address; made from the message if not given.
  > id '<1:id>'
ok
  The text of the button that goes on.
  > ok '<1:Yes>'
submitter
  Who may answer: users or groups, separated by commas.
  > submitter '<1:user>'
submitterParameter
  A variable that tells who answered.
  > submitterParameter '<1:NAME>'
parameters block
  What is asked for with it.
`,
  libraries: `
lib
  A library by its name in Jenkins' configuration, with its version after \`@\`.
  > lib('<1:name>')
`,
};
