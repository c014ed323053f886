// Jenkins' own objects and variables. `catalogueNotation.ts` tells how to read them; in an object,
// `!` marks a method.

export const GLOBAL_PAGE = `
env
  The environment variables. Set as \`env.NAME = 'value'\`, one holds for all steps that follow, but \`environment\` and \`withEnv\` win over it.
  - getEnvironment map! All of them.
params
  The parameters, with the types they were declared with. Cannot be changed.
  - get any! A parameter by its name.
  - containsKey boolean! Whether there is a parameter.
  - each any! Does something with each.
currentBuild
  The run: its result, names, times and causes.
  - result string What it comes to; null while nothing went wrong. Can be set, but only to something worse.
  - currentResult string The same, but SUCCESS instead of null.
  - number integer Its number.
  - id string Its number as a text.
  - displayName string Its name, normally \`#1\`. Can be set.
  - fullDisplayName string The job's name and its own.
  - projectName string The job's name without its folders.
  - fullProjectName string The job's name with its folders.
  - description string A text shown with it. Can be set.
  - keepLog boolean Whether it is kept for ever. Can be set.
  - duration integer Milliseconds since it began.
  - durationString string The same for people.
  - startTimeInMillis integer When it began.
  - timeInMillis integer When it was put in the queue.
  - previousBuild any The run before, or null; it has these properties, too.
  - previousBuildInProgress any The newest run before that is not over.
  - previousBuiltBuild any The newest run before that did something.
  - previousCompletedBuild any The newest run before that is over.
  - previousFailedBuild any The newest run before that failed.
  - previousNotFailedBuild any The newest run before that did not fail.
  - previousSuccessfulBuild any The newest run before that succeeded.
  - nextBuild any The run after, or null.
  - absoluteUrl string Its address.
  - buildVariables map Variables of a run that \`build\` started.
  - changeSets list The changes since the run before.
  - upstreamBuilds list The runs that led to it.
  - rawBuild any Jenkins' own object. Needs approval.
  - getBuildCauses list! Why it was started; of one class, if that is given.
  - resultIsBetterOrEqualTo boolean! Compares the result with another.
  - resultIsWorseOrEqualTo boolean! Compares the result with another.
scm
  Where the Jenkinsfile came from, for \`checkout scm\`.
  - branches list The branches.
  - userRemoteConfigs list The repositories, each with its \`url\`.
  - extensions list More settings.
docker
  Containers, by the Docker on the node.
  - image any! An image by its name; it has inside, withRun, run, pull, push, tag.
  - build any! Builds an image and gives it.
  - withRegistry any! Uses a registry for its body.
  - withServer any! Uses a server for its body.
  - withTool any! Uses a Docker client for its body.
`;

export const VARIABLE_PAGE = `
BRANCH_NAME
  The branch, in multibranch jobs; for a pull request \`PR-1\`.
BRANCH_IS_PRIMARY
  \`true\` for the repository's main branch, else not set.
CHANGE_ID
  The pull request's number.
CHANGE_URL
  The pull request's address.
CHANGE_TITLE
  The pull request's title.
CHANGE_AUTHOR
  The pull request's author.
CHANGE_AUTHOR_DISPLAY_NAME
  The author's full name.
CHANGE_AUTHOR_EMAIL
  The author's address.
CHANGE_TARGET
  The branch that the pull request is for.
CHANGE_BRANCH
  The branch that the pull request comes from.
CHANGE_FORK
  The fork that the pull request comes from, if it is one.
TAG_NAME
  The tag, if one is built.
TAG_TIMESTAMP
  When the tag was made, in milliseconds.
TAG_UNIXTIME
  When the tag was made, in seconds.
TAG_DATE
  When the tag was made, for people.
CI
  Always \`true\`.
BUILD_NUMBER
  The run's number.
BUILD_ID
  The same as BUILD_NUMBER.
BUILD_DISPLAY_NAME
  The run's name, normally \`#1\`.
BUILD_TAG
  \`jenkins-JOB-NUMBER\`, with \`-\` for the slashes in the job's name.
BUILD_URL
  The run's address.
RUN_DISPLAY_URL
  The address of the run's page.
RUN_CHANGES_DISPLAY_URL
  The address of the run's changes.
RUN_ARTIFACTS_DISPLAY_URL
  The address of the run's files.
RUN_TESTS_DISPLAY_URL
  The address of the run's test results.
JOB_NAME
  The job's name with its folders: \`folder/job\`.
JOB_BASE_NAME
  The job's name without its folders.
JOB_URL
  The job's address.
JOB_DISPLAY_URL
  The address of the job's page.
JENKINS_URL
  The server's address.
HUDSON_URL
  The same as JENKINS_URL.
JENKINS_HOME node
  Where the server keeps its files.
STAGE_NAME
  The name of the stage.
EXECUTOR_NUMBER node
  Which of the node's executors it is.
NODE_NAME node
  The node's name; \`built-in\` is the server's own.
NODE_LABELS node
  The node's labels, separated by blanks.
WORKSPACE node
  The workspace's path.
WORKSPACE_TMP node
  A folder for temporary files, beside the workspace.
GIT_COMMIT node
  The commit that was checked out.
GIT_PREVIOUS_COMMIT node
  The commit of the run before on this branch.
GIT_PREVIOUS_SUCCESSFUL_COMMIT node
  The commit of the last run on this branch that succeeded.
GIT_BRANCH node
  The branch with its remote: \`origin/main\`.
GIT_LOCAL_BRANCH node
  The local branch that was checked out.
GIT_CHECKOUT_DIR node
  The folder it was checked out into, if it is not the workspace.
GIT_URL node
  The repository's address.
GIT_COMMITTER_NAME node
  The name that commits get.
GIT_AUTHOR_NAME node
  The name that authors get.
GIT_COMMITTER_EMAIL node
  The address that commits get.
GIT_AUTHOR_EMAIL node
  The address that authors get.
SVN_REVISION node
  The Subversion revision that was checked out.
SVN_URL node
  The Subversion repository's address.
`;
