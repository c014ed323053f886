import { DIRECTIVES } from '../../pipeline/catalogue/directivesCatalogue';

/** Whether a step or directive surely looks at no variable that a pipeline sets for others. */
export function isQuietStep(name: string): boolean {
  return QUIET_STEPS.has(name) || DIRECTIVE_NAMES.has(name);
}

/** Whether a command surely reads no variable of its own, but those that `isReadByTools`. */
export function isQuietCommand(name: string, args: readonly (string | undefined)[]): boolean {
  if (name === 'find') return !args.some((word) => /^-(exec|ok)/.test(word ?? ''));
  // awk sees the environment only where its program names it.
  if (/^[gmn]?awk$/.test(name))
    return args.every((word) => word !== undefined && !word.includes('ENVIRON'));
  return QUIET_COMMANDS.has(name);
}

/** Names that programs look for by themselves, so that nobody has to read them in the open. */
export function isReadByTools(name: string): boolean {
  return TOOLS.test(name);
}

const DIRECTIVE_NAMES: ReadonlySet<string> = new Set(DIRECTIVES.map(({ name }) => name));

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const QUIET_STEPS = words(`
  pipeline agent any none label node stages stage steps script parallel matrix axes axis exclude
  excludes name values notValues environment options parameters triggers tools when post input
  string booleanParam choice text password credentials
  always changed fixed regression aborted success unsuccessful unstable failure notBuilt cleanup
  echo error sleep timeout retry timestamps ansiColor catchError warnError unstable milestone lock
  throttle waitUntil dir ws deleteDir cleanWs checkout stash unstash archiveArtifacts junit
  fileExists isUnix pwd readFile writeFile withEnv withCredentials usernamePassword
  usernameColonPassword file sshUserPrivateKey certificate sshagent
  buildDiscarder logRotator disableConcurrentBuilds skipDefaultCheckout disableResume
  durabilityHint preserveStashes quietPeriod rateLimitBuilds newContainerPerStage
  parallelsAlwaysFailFast skipStagesAfterUnstable checkoutToSubdirectory overrideIndexTriggers
  branch buildingTag changelog changeset changeRequest equals expression tag triggeredBy not allOf
  anyOf beforeAgent beforeInput beforeOptions failFast cron pollSCM upstream`);

const QUIET_COMMANDS = words(`
  : [ [[ ]] alias basename bg break cat cd chgrp chmod chown cksum clear cmp comm continue cp cut
  date dd df diff dirname disown du echo egrep exit export expr false fg fgrep file fold free getopts git
  grep gunzip gzip hash head hostname id install jobs kill let ln local ls lscpu mapfile md5sum
  mkdir mkfifo mktemp mv nl nproc od paste popd printf printenv ps pushd pwd read readarray readlink
  readonly realpath return rm rmdir sed select seq set sha1sum sha256sum sha512sum shift shopt sleep
  sort split stat sync tail tar tee test touch tr trap true tty type ulimit umask unalias uname uniq
  unset unzip wait wc which whoami xxd yes zip`);

/** The shell's, the system's, and those that begin as the names of well-known tools do. */
const TOOLS = new RegExp(
  `^(?:${[
    'PATH|HOME|USER|LOGNAME|SHELL|TERM|PWD|OLDPWD|TMP|TEMP|TMPDIR|TZ|LANG|LANGUAGE|MAIL|HOSTNAME|UID',
    'DISPLAY|EDITOR|VISUAL|PAGER|CI|IFS|PS[0-4]|ENV|BASH_ENV|COLUMNS|LINES|COLORTERM|NO_COLOR|DEBUG',
    '\\w*_?(?:PROXY|proxy)',
    `(?:LC|XDG|DEBIAN|APT|DPKG|SSH|GPG|GNUPG|GIT|VAGRANT|VBOX|VIRTUALBOX|VMWARE|LIBVIRT|QEMU|DOCKER|
    BUILDKIT|COMPOSE|PODMAN|CONTAINER|KUBE|KUBECTL|HELM|TF|TERRAFORM|PACKER|ANSIBLE|CONSUL|VAULT|AWS|
    AZURE|ARM|GOOGLE|GCLOUD|CLOUDSDK|GH|GITHUB|GITLAB|CGO|NPM|NODE|YARN|PNPM|PIP|PYTHON|PYTEST|VIRTUAL|
    CONDA|JAVA|JDK|JVM|MAVEN|MVN|M2|GRADLE|ANT|SBT|CARGO|RUST|RUSTUP|RUBY|GEM|BUNDLE|BUNDLER|RAKE|PERL|
    PHP|COMPOSER|CC|CXX|LD|MAKE|CMAKE|CCACHE|NINJA|SONAR|JENKINS|HUDSON|BUILD|JOB|NODE|STAGE|BRANCH|
    CHANGE|EXECUTOR|WORKSPACE|LOG|RSYNC|CURL|WGET|SUDO|SYSTEMD|DBUS|OPENSSL|SSL)_\\w*`.replaceAll(
      /\s/g,
      '',
    ),
    'GO[A-Z0-9]*|\\w*FLAGS|CC|CXX|MAKEFLAGS|MFLAGS|WORKSPACE|KUBECONFIG|PYTHON\\w*|RUBY\\w*|NODE',
  ].join('|')})$`,
);
