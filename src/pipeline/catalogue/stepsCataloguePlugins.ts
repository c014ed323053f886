// Steps of widespread plugins that work with tools, files and places to run.
// `catalogueNotation.ts` tells how to read this.

export const PLUGIN_STEPS = `
ansiColor body
  Shows colours in its body's log.
  * colorMapName string! xterm, vga, css or gnome-terminal.
lock body
  Waits until a resource is free, and holds it for its body.
  * resource string The resource.
  - label string Any resource with this label.
  - quantity integer How many of the label.
  - variable string A variable that tells which were given.
  - inversePrecedence boolean=false The newest run first.
  - skipIfLocked boolean=false Skips the body instead of waiting.
  - extra list More resources.
  - priority integer=0 Who goes first.
  - resourceSelectStrategy string=sequential How one is chosen.
  > lock(resource: '<1:name>') {\\n\\t<0>\\n}
sshagent body node
  Starts an SSH agent with these keys for its body.
  * credentials list! Ids of the keys.
  - ignoreMissing boolean=false Whether it is well if one is not there.
  > sshagent(['<1:id>']) {\\n\\t<0>\\n}
throttle body
  Holds its body back while too many of the category run.
  * categories list! The categories.
cleanWs node
  Deletes the workspace, or files in it.
  - cleanWhenAborted boolean=true If the run was aborted.
  - cleanWhenFailure boolean=true If it failed.
  - cleanWhenNotBuilt boolean=true If it was not built.
  - cleanWhenSuccess boolean=true If it succeeded.
  - cleanWhenUnstable boolean=true If it is unstable.
  - cleanupMatrixParent boolean=false For old matrix jobs.
  - deleteDirs boolean=false Whether patterns are for folders, too.
  - disableDeferredWipeout boolean=false Whether to wait until all is gone.
  - externalDelete string A command that deletes.
  - notFailBuild boolean=false Whether the run stays well if it cannot be deleted.
  - patterns list Which files: \`[[pattern: '…', type: 'INCLUDE']]\`.
  - skipWhenFailed boolean=false Nothing if the run failed.
configFileProvider body node
  Puts files from Jenkins' configuration where its body finds them.
  * managedFiles list! \`[configFile(fileId: '…', variable: '…')]\`.
  > configFileProvider([configFile(fileId: '<1:id>', variable: '<2:NAME>')]) {\\n\\t<0>\\n}
withMaven body node
  Sets Maven up for its body, and shows what it made.
  - maven string The Maven.
  - jdk string The JDK.
  - mavenSettingsConfig string The settings, by id.
  - mavenSettingsFilePath string The settings, by path.
  - globalMavenSettingsConfig string The server's settings, by id.
  - mavenLocalRepo string The local repository.
  - mavenOpts string Options of the virtual machine.
  - options list What is shown.
  - publisherStrategy string Whether all is shown, or only \`options\`.
withGradle body node
  Shows what Gradle did in its body.
nodejs body node
  Puts a Node.js on the PATH for its body.
  * nodeJSInstallationName string! The Node.js.
  - configId string The .npmrc, by id.
  > nodejs('<1:name>') {\\n\\t<0>\\n}
withAWS body
  Sets AWS up for its body: credentials, role, region.
  - credentials string The id of the credentials.
  - region string The region.
  - role string The role.
  - roleAccount string The role's account.
  - profile string The profile.
  - endpointUrl string Another address.
  - duration integer=3600 How many seconds the role holds.
  > withAWS(credentials: '<1:id>', region: '<2:eu-central-1>') {\\n\\t<0>\\n}
withKubeConfig body node
  Tells kubectl in its body about a cluster.
  - credentialsId string The id of the credentials.
  - serverUrl string The cluster.
  - contextName string The context.
  - namespace string The namespace.
  - clusterName string The cluster's name.
  - caCertificate string Its certificate.
container body node
  Runs its body in another container of the pod.
  * name string! The container.
  - shell string The shell.
podTemplate body
  Describes a pod that a \`node\` in its body runs on.
  - yaml string The pod, as YAML.
  - label string Its label.
  - cloud string The cloud.
  - inheritFrom string The templates it builds on.
  - namespace string The namespace.
  - containers list Its containers.
  - volumes list Its volumes.
  - serviceAccount string The service account.
  - nodeSelector string Which of the cluster's nodes.
withDockerContainer body node
  Runs its body in a container.
  * image string! The image.
  - args string More arguments for \`docker run\`.
  - toolName string The Docker client.
withDockerRegistry body node
  Signs in at a registry for its body.
  - url string! The registry.
  - credentialsId string The id of the credentials.
  - toolName string The Docker client.
ansiblePlaybook node
  Runs an Ansible playbook.
  - playbook string! The file.
  - inventory string The inventory.
  - credentialsId string The id of the credentials.
  - extras string More arguments.
  - extraVars map Variables.
  - limit string Which hosts.
  - tags string Which tags.
  - become boolean=false As another user.
  - colorized boolean=false With colours.
  - installation string The Ansible.
xvfb body node
  Gives its body a display.
  - screen string Its size.
  - autoDisplayName boolean Whether a free one is chosen.
jobDsl node
  Makes jobs from scripts.
  - targets string Which scripts.
  - scriptText string The script itself.
  - sandbox boolean=false Whether it is run in the sandbox.
  - removedJobAction IGNORE|DISABLE|DELETE=IGNORE What is done with jobs that are gone.
  - additionalParameters map Variables.
  - ignoreMissingFiles boolean=false Whether it is well if there are none.
nodesByLabel
  Gives the names of the nodes with a label.
  * label string! The label.
  - offline boolean=false Those that are away, too.
findFiles node
  Gives the files that fit: each has name, path, directory, length and lastModified.
  - glob string Which files: an Ant pattern.
  - excludes string Which not.
  > findFiles(glob: '<1:**/*.xml>')
readJSON
  Reads JSON from a file or a text.
  - file string The file.
  - text string The text.
  - returnPojo boolean=false Plain maps and lists.
  > readJSON(file: '<1:file.json>')
writeJSON
  Writes JSON into a file.
  * json any! What.
  - file string The file.
  - pretty integer=0 How far it is moved in.
  - returnText boolean=false Gives the text instead.
  > writeJSON(file: '<1:file.json>', json: <2:map>)
readYaml
  Reads YAML from a file or a text.
  - file string The file.
  - text string The text.
  - codePointLimit integer How long it may be.
  - maxAliasesForCollections integer How many aliases.
  > readYaml(file: '<1:file.yaml>')
writeYaml
  Writes YAML into a file.
  - file string The file.
  - data any What.
  - datas any Several documents.
  - charset string The encoding.
  - overwrite boolean=false Whether it may replace one that is there.
  - returnText boolean=false Gives the text instead.
  > writeYaml(file: '<1:file.yaml>', data: <2:map>)
readProperties
  Reads names and values from a file or a text.
  - file string The file.
  - text string The text.
  - defaults map What holds if nothing is said.
  - interpolate boolean=false Whether values may refer to others.
  - charset string The encoding.
  > readProperties(file: '<1:file.properties>')
readCSV
  Reads tables of values from a file or a text.
  - file string The file.
  - text string The text.
  - format any How it is written.
writeCSV node
  Writes a table of values into a file.
  - file string! The file.
  - records any! What.
  - format any How it is written.
readMavenPom node
  Reads a pom.xml: groupId, artifactId, version and more.
  - file string=pom.xml The file.
  > readMavenPom()
writeMavenPom node
  Writes a pom.xml.
  * model any! What.
  - file string=pom.xml The file.
zip node
  Makes a zip archive of files in the workspace.
  * zipFile string! The archive.
  - dir string The folder to put in, if it is not the current one.
  - glob string Which files: Ant patterns.
  - exclude string Which not.
  - archive boolean=false Whether to keep it with the run.
  - overwrite boolean=false Whether it may replace one that is there.
  - defaultExcludes boolean=true Without .git and its like.
unzip node
  Unpacks a zip archive, or reads the texts in it.
  * zipFile string! The archive.
  - dir string Where to.
  - glob string Which files: Ant patterns.
  - read boolean=false Gives the texts instead of unpacking.
  - test boolean=false Only looks whether it is whole.
  - quiet boolean=false Does not name each file.
  - charset string The names' encoding.
tar node
  Makes a tar archive of files in the workspace.
  * file string! The archive.
  - dir string The folder to put in, if it is not the current one.
  - glob string Which files: Ant patterns.
  - exclude string Which not.
  - compress boolean=true Whether it is compressed.
  - archive boolean=false Whether to keep it with the run.
  - overwrite boolean=false Whether it may replace one that is there.
  - defaultExcludes boolean=true Without .git and its like.
untar node
  Unpacks a tar archive.
  * file string! The archive.
  - dir string Where to.
  - glob string Which files: Ant patterns.
  - keepPermissions boolean=true Whether files stay executable.
  - test boolean=false Only looks whether it is whole.
  - quiet boolean=false Does not name each file.
touch node
  Makes a file, or sets its time.
  * file string! The file.
  - timestamp integer The time, in milliseconds.
tee body node
  Writes its body's log into a file, too.
  * file string! The file.
sha1 node
  Gives a file's checksum.
  * file string! The file.
sha256 node
  Gives a file's checksum.
  * file string! The file.
compareVersions
  Compares two versions: -1, 0 or 1.
  - v1 string! One.
  - v2 string! The other.
  - failIfEmpty boolean=false Whether it fails if one is empty.
`;
