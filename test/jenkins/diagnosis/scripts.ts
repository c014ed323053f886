import { build, pipeline, sh, stage, type Case } from './logs';

/** What scripts and the tools they call say. */
export const SCRIPTS: readonly Case[] = [
  {
    name: 'a compiler below make',
    log: build(
      `
+ make -j4
gcc -c policy.c
policy.c:12:5: error: ‘x’ undeclared (first use in this function)
policy.c:13:5: error: expected ‘;’
make[1]: *** [Makefile:3: policy.o] Error 1
make: *** [all] Error 2`,
      2,
    ),
    says: 'Build: make -j4 → exit 2 — policy.c:12:5: error: ‘x’ undeclared (first use in this function)',
  },
  {
    name: 'a target of make that says why in its own words',
    log: build(
      '+ make image\npushing moat\nthe registry could not be reached\nmake: *** [image] Error 1',
      2,
    ),
    says: 'Build: make image → exit 2 — the registry could not be reached',
  },
  {
    name: 'a target of make that says nothing',
    log: build('+ make check\nmake: *** [Makefile:12: check] Error 1', 2),
    says: 'Build: make check → exit 2 — make: *** [Makefile:12: check] Error 1',
  },
  {
    name: 'a linker',
    log: build(
      "+ make\n/usr/bin/ld: main.o: in function `main':\nmain.c:3: undefined reference to `policy_init'\ncollect2: error: ld returned 1 exit status\nmake: *** [moat] Error 1",
      2,
    ),
    says: "Build: make → exit 2 — main.c:3: undefined reference to `policy_init'",
  },
  {
    name: "Go's compiler",
    log: build(
      '+ go build ./...\n# moat/pkg/policy\npkg/policy/egress.go:12:3: undefined: verdict\npkg/policy/egress.go:14:2: x declared and not used',
    ),
    says: 'Build: go build ./... → exit 1 — pkg/policy/egress.go:12:3: undefined: verdict',
  },
  {
    name: 'a Go package that does not build under test',
    log: build(
      '+ go test ./...\n# moat/pkg/policy [moat/pkg/policy.test]\npkg/policy/egress_test.go:9:5: undefined: verdict\nFAIL\tmoat/pkg/policy [build failed]\nFAIL',
    ),
    says: 'Build: go test ./... → exit 1 — pkg/policy/egress_test.go:9:5: undefined: verdict',
  },
  {
    name: 'rustc',
    log: build(
      '+ cargo build\n   Compiling moat v0.1.0\nerror[E0308]: mismatched types\n --> src/main.rs:4:18\nerror: could not compile `moat` (bin "moat") due to 1 previous error',
      101,
    ),
    says: 'Build: cargo build → exit 101 — error[E0308]: mismatched types',
  },
  {
    name: 'TypeScript',
    log: build(
      "+ npm run build\n> tsc -p .\nsrc/plan.ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'.\nnpm error code ELIFECYCLE",
      2,
    ),
    says: "Build: npm run build → exit 2 — src/plan.ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'.",
  },
  {
    name: 'javac below Maven',
    log: build(
      '+ mvn -B package\n[INFO] Compiling 3 source files\n[ERROR] COMPILATION ERROR :\n[ERROR] /ws/src/main/java/Moat.java:[12,8] cannot find symbol\n[INFO] BUILD FAILURE\n[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin',
    ),
    says: 'Build: mvn -B package → exit 1 — [ERROR] /ws/src/main/java/Moat.java:[12,8] cannot find symbol',
  },
  {
    name: 'a command that is not there',
    log: build(
      '+ kubectl apply -f x.yaml\n/tmp/durable-1/script.sh.copy: line 2: kubectl: command not found',
      127,
    ),
    says: 'Build: kubectl apply -f x.yaml → exit 127 — /tmp/durable-1/script.sh.copy: line 2: kubectl: command not found',
  },
  {
    name: 'a script that is not there',
    log: build(
      '+ ./ci/build.sh\n/ws@tmp/durable-1/script.sh.copy: 1: ./ci/build.sh: not found',
      127,
    ),
    says: 'Build: ./ci/build.sh → exit 127 — /ws@tmp/durable-1/script.sh.copy: 1: ./ci/build.sh: not found',
  },
  {
    name: 'a script that may not be run',
    log: build(
      '+ ./start.sh\n/ws@tmp/durable-1/script.sh.copy: line 1: ./start.sh: Permission denied',
      126,
    ),
    says: 'Build: ./start.sh → exit 126 — /ws@tmp/durable-1/script.sh.copy: line 1: ./start.sh: Permission denied',
  },
  {
    name: 'a command that fails without a word',
    log: build('+ test -f dist/moat.deb'),
    says: 'Build: test -f dist/moat.deb → exit 1',
  },
  {
    name: 'the last of several commands',
    log: build(
      "+ make deps\nall there\n+ make package\ncp: cannot stat 'moat.deb': No such file or directory",
    ),
    says: "Build: make package → exit 1 — cp: cannot stat 'moat.deb': No such file or directory",
  },
  {
    name: 'a command whose failing is passed on by exit',
    log: build(
      "+ ./lint.sh\nlint.c:3: trailing space\n+ echo 'lint failed'\nlint failed\n+ exit 1",
    ),
    says: 'Build: ./lint.sh → exit 1 — lint failed',
  },
  {
    name: 'a command before others that a trap runs',
    log: build(
      '+ go test ./...\n--- FAIL: TestDeny (0.1s)\n    policy_test.go:9: want DENIED\nFAIL\tmoat/pkg/policy\t0.1s\n+ docker rm -f moat\nmoat',
    ),
    says: 'Build: go test ./... → exit 1 — policy_test.go:9: want DENIED',
  },
  {
    name: 'a command after one whose failing did not matter',
    log: build(
      '+ docker rm -f moat\nError: No such container: moat\n+ true\n+ grep -q ready moat.log',
    ),
    says: 'Build: grep -q ready moat.log → exit 1',
  },
  {
    name: 'both ends of a pipe',
    log: build(
      '+ make\n+ tee build.log\nmoat.c:3:1: error: expected identifier\nmake: *** [moat.o] Error 1',
      2,
    ),
    says: 'Build: make | tee build.log → exit 2 — moat.c:3:1: error: expected identifier',
  },
  {
    name: 'what was run for an assignment',
    log: build(
      '++ git describe --exact-match\nfatal: no tag exactly matches 1a2b3c\n+ version=',
      128,
    ),
    says: 'Build: git describe --exact-match → exit 128 — fatal: no tag exactly matches 1a2b3c',
  },
  {
    name: 'a command of several lines',
    log: build(
      '+ python3 -c \'import moat\nmoat.check()\'\nTraceback (most recent call last):\n  File "<string>", line 2, in <module>\nValueError: no rules',
    ),
    says: "Build: python3 -c 'import moat … → exit 1 — ValueError: no rules",
  },
  {
    name: 'a script that hides its commands',
    log: build('+ set +x\nlogging in\nError: the token has expired'),
    says: 'Build: sh step → exit 1 — Error: the token has expired',
  },
  {
    name: 'a script with an interpreter of its own',
    log: build(
      'resolving\nTraceback (most recent call last):\n  File "build.py", line 3, in <module>\nKeyError: \'ARCH\'',
    ),
    says: "Build: sh step → exit 1 — KeyError: 'ARCH'",
  },
  {
    name: 'a batch file',
    log: pipeline(
      [
        stage(
          'Build',
          "[Pipeline] bat\n\nC:\\jenkins\\workspace\\moat>call build.bat Release \nmoat.cpp(12): error C2065: 'x': undeclared identifier\nBuild FAILED.",
        ),
      ],
      'ERROR: script returned exit code 1',
    ),
    says: "Build: call build.bat Release → exit 1 — moat.cpp(12): error C2065: 'x': undeclared identifier",
  },
  {
    name: 'PowerShell',
    log: pipeline(
      [
        stage(
          'Build',
          "[Pipeline] powershell\nError: The term 'msbuild' is not recognized as the name of a cmdlet",
        ),
      ],
      'ERROR: script returned exit code 1',
    ),
    says: "Build: powershell step → exit 1 — Error: The term 'msbuild' is not recognized as the name of a cmdlet",
  },
  {
    name: 'a step with a label of its own',
    log: pipeline(
      [stage('Build', '[Pipeline] sh (Compile it)\n+ make\nmoat.c:1:1: error: no')],
      'ERROR: script returned exit code 2',
    ),
    says: 'Build: make → exit 2 — moat.c:1:1: error: no',
  },
  {
    name: 'docker without its daemon',
    log: build(
      '+ docker build .\nERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    ),
    says: 'Build: docker build . → exit 1 — ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
  },
  {
    name: 'an image that is not there',
    log: build(
      "+ docker run --rm moat:none\nUnable to find image 'moat:none' locally\ndocker: Error response from daemon: manifest for moat:none not found: manifest unknown.\nSee 'docker run --help'.",
      125,
    ),
    says: 'Build: docker run --rm moat:none → exit 125 — docker: Error response from daemon: manifest for moat:none not found: manifest unknown.',
  },
  {
    name: 'npm',
    log: build(
      '+ npm ci\nnpm ERR! code ERESOLVE\nnpm ERR! Could not resolve dependency: moat@2\nnpm ERR! \nnpm ERR! A complete log of this run can be found in:\nnpm ERR!     /root/.npm/_logs/x.log',
    ),
    says: 'Build: npm ci → exit 1 — npm ERR! Could not resolve dependency: moat@2',
  },
  {
    name: 'apt',
    log: build(
      '+ apt-get install -y libmoat\nReading package lists...\nE: Unable to locate package libmoat',
      100,
    ),
    says: 'Build: apt-get install -y libmoat → exit 100 — E: Unable to locate package libmoat',
  },
  {
    name: 'curl',
    log: build(
      '+ curl -fsS https://files.example.org/box\ncurl: (6) Could not resolve host: files.example.org',
      6,
    ),
    says: 'Build: curl -fsS https://files.example.org/box → exit 6 — curl: (6) Could not resolve host: files.example.org',
  },
  {
    name: 'a crash',
    log: build(
      '+ ./moat --check\nchecking\n/tmp/script.sh: line 1:  4242 Segmentation fault      (core dumped) ./moat --check',
      139,
    ),
    says: 'Build: ./moat --check → exit 139 — /tmp/script.sh: line 1: 4242 Segmentation fault (core dumped) ./moat --check',
  },
  {
    name: "a panic of the guest's kernel",
    log: build(
      '+ vagrant up\n    moat: [   12.3] Kernel panic - not syncing: Attempted to kill init!\nTimed out while waiting for the machine to boot.',
    ),
    says: 'Build: vagrant up → exit 1 — [ 12.3] Kernel panic - not syncing: Attempted to kill init!',
  },
  {
    name: 'Vagrant without a provider',
    log: build(
      '+ vagrant up\nNo usable default provider could be found for your system.\n\nVagrant relies on interactions with 3rd party systems, known as\n"providers", to provide Vagrant with resources to run development\nenvironments.',
    ),
    says: 'Build: vagrant up → exit 1 — No usable default provider could be found for your system.',
  },
  {
    name: 'a box that cannot be had',
    log: build(
      "+ vagrant up\nThe box 'moat/base' could not be found or\ncould not be accessed in the remote catalog.",
    ),
    says: "Build: vagrant up → exit 1 — The box 'moat/base' could not be found or",
  },
  {
    name: 'a provisioner that says why',
    log: build(
      '+ vagrant up\n    moat: fetching rules\n    moat: the rules are invalid\nThe SSH command responded with a non-zero exit status. Vagrant\nassumes that this means the command failed.',
    ),
    says: 'Build: vagrant up → exit 1 — the rules are invalid',
  },
  {
    name: 'a provisioner that says nothing',
    log: build(
      '+ vagrant up\n    moat: building\nThe SSH command responded with a non-zero exit status. Vagrant\nassumes that this means the command failed. The output for this command',
    ),
    says: 'Build: vagrant up → exit 1 — The SSH command responded with a non-zero exit status. Vagrant',
  },
  {
    name: 'a script before others that only tidy up',
    log: pipeline(
      [
        stage(
          'Build',
          sh('+ make\nmoat.c:1:1: error: no\nmake: *** [moat.o] Error 1'),
          sh('+ docker compose down\nStopping moat'),
          '[Pipeline] junit\nRecording test results',
        ),
      ],
      'ERROR: script returned exit code 2',
    ),
    says: 'Build: make → exit 2 — moat.c:1:1: error: no',
  },
  {
    name: 'a script that comes after another that complained in vain',
    log: pipeline(
      [
        stage(
          'Build',
          sh('+ ./probe.sh\nerror: no network\n+ true'),
          sh('+ ./deploy.sh\ndeploying'),
        ),
      ],
      'ERROR: script returned exit code 3',
    ),
    says: 'Build: ./deploy.sh → exit 3 — deploying',
  },
  {
    name: 'a log with timestamps and colours',
    log: build(
      '[2026-02-01T10:00:00.000Z] + make\n[2026-02-01T10:00:01.000Z] \u001b[1mmoat.c:12:5: \u001b[31merror: \u001b[0mno such thing\n[2026-02-01T10:00:01.000Z] make: *** [moat.o] Error 1',
      2,
    ),
    says: 'Build: make → exit 2 — moat.c:12:5: error: no such thing',
  },
  {
    name: "a log with Timestamper's own times",
    log: build('+ make\nmoat.c:12:5: error: no', 2).replace(/^(?=.)/gm, '2026-02-01 17:33:25 '),
    says: 'Build: make → exit 2 — moat.c:12:5: error: no',
  },
  {
    name: "a freestyle job's shell",
    log: "Started by user Ada\nBuilding in workspace /ws\n[ws] $ /bin/sh -xe /tmp/jenkins1.sh\n+ make\nERROR: not a word of Jenkins\nmoat.c:3:1: error: no\nmake: *** [moat.o] Error 1\nBuild step 'Execute shell' marked build as failure\nFinished: FAILURE\n",
    says: 'make → failed — moat.c:3:1: error: no',
  },
];
