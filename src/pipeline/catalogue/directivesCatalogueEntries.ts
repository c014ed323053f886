// What stands in when, options, parameters and triggers.
// `catalogueNotation.ts` tells how to read it.

/** Pages of the catalogue by the contexts they are for, separated by blanks. */
export const ENTRY_PAGES: Readonly<Record<string, string>> = {
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
};
