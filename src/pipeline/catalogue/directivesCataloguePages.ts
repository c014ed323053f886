// The sections of Declarative and their settings, by the blocks they may stand in.
// `catalogueNotation.ts` tells how to read it.

/** Pages of the catalogue by the contexts they are for, separated by blanks. */
export const SECTION_PAGES: Readonly<Record<string, string>> = {
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
  agent: `
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
