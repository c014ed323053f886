// Steps of widespread plugins that tell others, read results, or reach for other servers.
// `catalogueNotation.ts` tells how to read this.

export const PUBLISHING_STEPS = `
httpRequest
  Sends a request over HTTP, and gives the answer with \`status\` and \`content\`.
  * url string! The address.
  - httpMode GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|MKCOL=GET The method.
  - requestBody string What is sent.
  - contentType string What kind of text is sent, as APPLICATION_JSON.
  - acceptType string What kind of answer is wanted.
  - customHeaders list Headers: \`[[name: '…', value: '…']]\`.
  - authentication string The id of credentials.
  - validResponseCodes string=100:399 Other codes are failures.
  - validResponseContent string What the answer must hold.
  - timeout integer=0 Seconds; 0 for no limit.
  - outputFile string Where the answer is written.
  - uploadFile string A file that is sent.
  - multipartName string Its name in the form.
  - wrapAsMultipart boolean=true Whether it is sent as a form.
  - quiet boolean=false Nothing in the log.
  - consoleLogResponseBody boolean=false The answer in the log.
  - ignoreSslErrors boolean=false Whether certificates are not looked at.
  - responseHandle NONE|LEAVE_OPEN|STRING=STRING What is done with the answer.
  - httpProxy string A proxy.
emailext
  Sends a mail, with the run's log or files if wanted.
  - subject string! Its subject.
  - body string! Its text.
  - to string Who gets it.
  - from string Who sends it.
  - replyTo string Who is answered.
  - attachLog boolean=false With the log.
  - compressLog boolean=false The log as an archive.
  - attachmentsPattern string Which files go with it.
  - mimeType string What kind of text.
  - recipientProviders list Who else gets it: \`developers()\`, \`culprits()\`.
  - presendScript string Code that is run before.
  - postsendScript string Code that is run after.
  - saveOutput boolean=false Whether it is kept in the workspace.
slackSend
  Sends a message to Slack.
  - message string What is said.
  - channel string Where: a channel or a user.
  - color string good, warning, danger, or a colour.
  - attachments any What goes with it.
  - blocks any The message in blocks.
  - tokenCredentialId string The id of the token.
  - teamDomain string The workspace at Slack.
  - baseUrl string Another address.
  - botUser boolean=false As a bot.
  - failOnError boolean=false Whether it fails if it cannot be sent.
  - notifyCommitters boolean=false Tells those who committed.
  - replyBroadcast boolean=false An answer is shown to all.
  - timestamp string Changes this message.
  - username string Who says it.
  - iconEmoji string With this picture.
  > slackSend(color: '<1|good,warning,danger|>', message: '<2>')
office365ConnectorSend
  Sends a message to Microsoft Teams.
  - webhookUrl string! The address.
  - message string What is said.
  - status string How it went.
  - color string A colour.
discordSend
  Sends a message to Discord.
  - webhookURL string! The address.
  - description string What is said.
  - title string Its title.
  - link string Where it leads.
  - result string The colour, by a result.
  - footer string The last line.
mattermostSend
  Sends a message to Mattermost.
  - message string! What is said.
  - channel string Where.
  - color string A colour.
  - endpoint string The address.
  - icon string A picture.
  - text string The text before it.
publishHTML node
  Shows pages of the workspace with the run.
  * target map! \`[reportDir: '…', reportFiles: 'index.html', reportName: '…', keepAll: true, …]\`.
  > publishHTML([reportDir: '<1:report>', reportFiles: '<2:index.html>', reportName: '<3:Report>', keepAll: true, alwaysLinkToLastBuild: true, allowMissing: false])
publishChecks
  Shows a check at GitHub.
  - name string Its name.
  - title string Its title.
  - summary string In short.
  - text string At length.
  - status NONE|QUEUED|IN_PROGRESS|COMPLETED=COMPLETED How far it is.
  - conclusion NONE|ACTION_REQUIRED|SKIPPED|CANCELED|TIME_OUT|FAILURE|NEUTRAL|SUCCESS=SUCCESS How it went.
  - detailsURL string Where it leads.
withChecks body
  Gives the checks of its body a name.
  * name string! The name.
  - includeStage boolean=false With the stage's name.
recordIssues node
  Reads warnings of compilers and other tools, and shows them.
  - tools list Which: \`[java(), checkStyle()]\`.
  - tool any One tool.
  - enabledForFailure boolean=false Also if the run failed.
  - qualityGates list When the run is no longer well.
  - filters list Which warnings.
  - id string Its id.
  - name string Its name.
  - sourceCodeEncoding string The sources' encoding.
  - aggregatingResults boolean=false All tools in one.
  - skipBlames boolean=false Without looking who wrote it.
recordCoverage node
  Reads how much tests cover, and shows it.
  - tools list Which: \`[[parser: 'JACOCO']]\`.
  - id string Its id.
  - name string Its name.
  - sourceCodeRetention string Which sources are kept.
  - qualityGates list When the run is no longer well.
xunit node
  Reads test results of many kinds.
  - tools list! Which: \`[JUnit(pattern: '…')]\`.
  - thresholds list When the run is no longer well.
jacoco node
  Reads how much tests cover, as JaCoCo wrote it.
  - execPattern string Which files.
  - classPattern string Where the classes are.
  - sourcePattern string Where the sources are.
  - exclusionPattern string Which classes are left out.
  - inclusionPattern string Which classes count.
cobertura node
  Reads how much tests cover, as Cobertura wrote it.
  - coberturaReportFile string Which files.
publishCoverage node
  Reads how much tests cover, and shows it.
  - adapters list Which: \`[jacocoAdapter('…')]\`.
  - sourceFileResolver any Where the sources are.
allure node
  Shows an Allure report.
  - results list! Which: \`[[path: 'allure-results']]\`.
  - includeProperties boolean Whether to read properties.
  - jdk string The JDK.
  - commandline string The Allure.
copyArtifacts node
  Brings files that another job keeps.
  * projectName string! The job.
  - selector any Which run: \`lastSuccessful()\`, \`specific('1')\`.
  - filter string Which files.
  - excludes string Which not.
  - target string Where to.
  - flatten boolean=false All into one folder.
  - optional boolean=false Whether it is well if there are none.
  - fingerprintArtifacts boolean=true Whether to record their checksums.
  - parameters string Only runs with these parameters.
  - resultVariableSuffix string For the variable that tells the run.
withSonarQubeEnv body
  Tells a scanner in its body where SonarQube is.
  * installationName string The SonarQube.
  - credentialsId string The id of the token.
  - envOnly boolean=false Only variables.
  > withSonarQubeEnv('<1:name>') {\\n\\t<0>\\n}
waitForQualityGate
  Waits for SonarQube's answer.
  - abortPipeline boolean=false Whether a bad one fails the run.
  - credentialsId string The id of the token.
  - webhookSecretId string The id of the hook's secret.
s3Upload node
  Sends files to S3.
  - bucket string! The bucket.
  - file string A file or folder.
  - path string Where to.
  - includePathPattern string Which files.
  - excludePathPattern string Which not.
  - workingDir string Where they are.
  - acl string Who may read.
s3Download node
  Brings files from S3.
  - bucket string! The bucket.
  - file string! Where to.
  - path string Which files.
  - force boolean=false Whether it may replace one that is there.
githubNotify
  Sets a status at GitHub.
  - status PENDING|SUCCESS|FAILURE|ERROR! How it went.
  - description string! In short.
  - context string Whose status it is.
  - account string The owner.
  - repo string The repository.
  - sha string The commit.
  - credentialsId string The id of the credentials.
  - targetUrl string Where it leads.
  - gitApiUrl string Another address.
setGitHubPullRequestStatus
  Sets a status at a pull request.
  - context string Whose status it is.
  - message string In short.
  - state SUCCESS|FAILURE|ERROR|PENDING How it went.
updateGitlabCommitStatus
  Sets a status at GitLab.
  - name string Whose status it is.
  - state pending|running|canceled|success|failed How it went.
gitlabCommitStatus body
  Sets a status at GitLab, by how its body goes.
  * name string Whose status it is.
gitlabBuilds body
  Tells GitLab which statuses there will be.
  * builds list! Their names.
jiraAddComment
  Writes a comment to an issue of Jira.
  - idOrKey string! The issue.
  - comment string! The comment.
  - site string The Jira.
rtUpload
  Sends files to Artifactory.
  - serverId string! The Artifactory.
  - spec string Which files, and where to, as JSON.
  - specPath string The same, in a file.
  - failNoOp boolean Whether it fails if there are none.
rtDownload
  Brings files from Artifactory.
  - serverId string! The Artifactory.
  - spec string Which files, and where to, as JSON.
  - specPath string The same, in a file.
  - failNoOp boolean Whether it fails if there are none.
rtPublishBuildInfo
  Tells Artifactory about the run.
  - serverId string! The Artifactory.
nexusArtifactUploader
  Sends files to Nexus.
  - nexusVersion string! nexus2 or nexus3.
  - protocol string! http or https.
  - nexusUrl string! The Nexus.
  - groupId string! The group.
  - version string! The version.
  - repository string! The repository.
  - credentialsId string! The id of the credentials.
  - artifacts list! Which files.
sshPublisher
  Sends files over SSH, and runs commands there.
  * publishers list! Where to, and what.
  - continueOnError boolean=false Whether to go on after an error.
  - failOnError boolean=false Whether it fails.
sshCommand
  Runs a command over SSH.
  - remote map! The host and how to sign in.
  - command string! The command.
  - sudo boolean=false As root.
  - failOnError boolean=true Whether it fails.
sshPut
  Sends a file over SSH.
  - remote map! The host and how to sign in.
  - from string! The file.
  - into string! Where to.
sshGet
  Brings a file over SSH.
  - remote map! The host and how to sign in.
  - from string! The file.
  - into string! Where to.
  - override boolean=false Whether it may replace one that is there.
buildName
  Sets the run's name.
  * nameTemplate string! The name.
buildDescription
  Sets the run's description.
  * descriptionTemplate string! The text.
`;
