import assert from 'node:assert/strict';
import { Unknown } from '../../src/pipeline/effects';
import { does, withLibrary } from './library';
import { StepError, declarative, steps } from './recorder';
import type { World } from './recorder';

describe('A shared library', () => {
  describe('is asked for', () => {
    const asked = async (text: string, world: World = {}) =>
      (await withLibrary(text, {}, world)).asked;

    it('with the version that stands after @', async () => {
      assert.deepEqual(await asked("@Library('tools@v1') _\necho 'x'"), [
        { name: 'tools', version: 'v1' },
      ]);
    });

    it('without one where none is named', async () => {
      assert.deepEqual(await asked("@Library('tools')\nimport org.example.Tool\necho 'x'"), [
        { name: 'tools', version: undefined },
      ]);
    });

    it('for each of a list', async () => {
      const calls = await asked("@Library(['tools@v1', 'more']) _\necho 'x'");
      assert.deepEqual(
        calls.map(({ name }) => name),
        ['tools', 'more'],
      );
    });

    it('by the name of the annotation’s value', async () => {
      const calls = await asked("@Library(changelog = false, value = 'tools@v2') _\necho 'x'");
      assert.deepEqual(calls, [{ name: 'tools', version: 'v2' }]);
    });

    it('by Declarative’s libraries', async () => {
      const text = declarative("echo 'x'", "libraries { lib('tools@feature/x') }");
      assert.deepEqual(await asked(text), [{ name: 'tools', version: 'feature/x' }]);
    });

    it('by the step library, with its arguments', async () => {
      const calls = await asked(
        "library 'tools@v1'\nlibrary identifier: 'more@v2', changelog: false",
      );
      assert.deepEqual(calls, [
        { name: 'tools', version: 'v1' },
        { name: 'more', version: 'v2' },
      ]);
    });

    it('by a version that the pipeline computes', async () => {
      const calls = await asked('def v = "v${1 + 1}"\nlibrary "tools@${v}"');
      assert.deepEqual(calls, [{ name: 'tools', version: 'v2' }]);
    });

    it('by its name alone where the version is not known', async () => {
      const calls = await asked(
        'node { def v = sh(script: \'v\', returnStdout: true)\nlibrary "tools@${v}" }',
        { effects: { sh: () => Promise.resolve({ status: 0, stdout: new Unknown('sh', 1) }) } },
      );
      assert.deepEqual(calls, [{ name: 'tools', version: undefined }]);
    });

    it('once, whatever a later line wants', async () => {
      const calls = await asked("@Library('tools@v1') _\nlibrary 'tools@v2'");
      assert.deepEqual(calls, [{ name: 'tools', version: 'v1' }]);
    });
  });

  describe('gives global variables', () => {
    it('that are called as steps', async () => {
      const files = { 'vars/deploy.groovy': 'def call(String to) {\n  sh "deploy ${to}"\n}' };
      assert.deepEqual(await does("deploy 'moon'", files), ['sh deploy moon']);
    });

    it('with named arguments as a map', async () => {
      const files = {
        'vars/deploy.groovy': 'def call(Map config = [:]) { sh "deploy ${config.to ?: \'home\'}" }',
      };
      assert.deepEqual(await does("deploy(to: 'moon')\ndeploy()", files), [
        'sh deploy moon',
        'sh deploy home',
      ]);
    });

    it('that give back a value', async () => {
      const files = { 'vars/twice.groovy': 'def call(n) { return n * 2 }' };
      assert.deepEqual(await does('echo "${twice(21)}"', files), ['echo 42']);
    });

    it('with functions of their own', async () => {
      const files = {
        'vars/deploy.groovy': 'def app(x) { run("app ${x}") }\nprivate run(what) { sh what }',
      };
      assert.deepEqual(await does("deploy.app('a')", files), ['sh app a']);
    });

    it('of which the call is chosen that fits the arguments', async () => {
      const files = {
        'vars/log.groovy': `def call(String text) { echo "text \${text}" }
def call(Map map) { echo "map \${map.text}" }
def call(String text, Closure body) { echo "around \${text}"; body() }`,
      };
      assert.deepEqual(await does("log 'a'\nlog text: 'b'\nlog('c') { echo 'd' }", files), [
        'echo text a',
        'echo map b',
        'echo around c',
        'echo d',
      ]);
    });

    it('that run a body', async () => {
      const files = {
        'vars/inFolder.groovy': "def call(Closure body) { dir('sub') { body() } }",
      };
      const recording = await withLibrary(
        "@Library('tools') _\nnode { inFolder { sh 'make' } }",
        files,
      );
      assert.equal(recording.scopes.get('make')?.directory, 'sub');
    });

    it('with fields that hold what they were given', async () => {
      const files = {
        'vars/counter.groovy': `import groovy.transform.Field
@Field int count = 40
def call() { count++; return count }`,
      };
      assert.deepEqual(await does('counter()\necho "${counter()} ${counter.count}"', files), [
        'echo 42 42',
      ]);
    });

    it('whose fields are null to those before them', async () => {
      const files = {
        'vars/keys.groovy': `import groovy.transform.Field
@Field List all = own
@Field List own = ['a']
def call() { "\${all} \${own}" }`,
      };
      assert.deepEqual(await does('echo keys()', files), ['echo null [a]']);
    });

    it('whose fields can be set from outside', async () => {
      const files = { 'vars/site.groovy': "@groovy.transform.Field String name = 'a'" };
      assert.deepEqual(await does("site.name = 'b'\necho site.name", files), ['echo b']);
    });

    it('of which each file has one of its own', async () => {
      const files = {
        'vars/counter.groovy': '@groovy.transform.Field int count = 0\ndef call() { ++count }',
        'vars/other.groovy': 'def call() { counter() }',
      };
      assert.deepEqual(await does('counter()\ncounter()\necho "${other()}"', files), ['echo 1']);
    });

    it('that call each other', async () => {
      const files = {
        'vars/a.groovy': "def call() { b('x') }",
        'vars/b.groovy': 'def call(x) { b.say(x) }\ndef say(x) { echo x }',
      };
      assert.deepEqual(await does('a()', files), ['echo x']);
    });

    it('before a step of the same name, which is still there as steps.…', async () => {
      const files = { 'vars/sh.groovy': 'def call(x) { steps.sh "wrapped ${x}" }' };
      assert.deepEqual(await does("sh 'make'", files), ['sh wrapped make']);
    });

    it('behind a function of the Jenkinsfile', async () => {
      const text = "@Library('tools') _\ndef deploy() { echo 'own' }\nnode { deploy() }";
      const { log } = await withLibrary(text, { 'vars/deploy.groovy': "def call() { echo 'x' }" });
      assert.ok(log.includes('echo own'));
    });

    it('as values that can be passed on', async () => {
      const files = { 'vars/a.groovy': "def say() { echo 'a' }" };
      assert.deepEqual(await does('def x = a\nx.say()', files), ['echo a']);
    });

    it('that fail as in Jenkins when they have no call', async () => {
      const [error] = await does('a()', { 'vars/a.groovy': "def say() { echo 'a' }" });
      assert.match(error ?? '', /^error No signature of method: a\.call\(\)/);
    });

    it('of which the statements outside of functions are not run', async () => {
      const files = {
        'vars/a.groovy': "echo 'outside'\ndef call() { echo 'inside' }\nreturn this",
      };
      assert.deepEqual(await does('a()', files), ['echo inside']);
    });

    it('that end when they call themselves for ever', async () => {
      const files = { 'vars/a.groovy': 'def call() { a() }' };
      assert.deepEqual(
        await does("try { a() } catch (StackOverflowError e) { echo 'deep' }", files),
        ['echo deep'],
      );
    });
  });

  describe('sees', () => {
    it('env, params and currentBuild', async () => {
      const files = {
        'vars/show.groovy': `def call() {
  echo "\${env.JOB_NAME} \${params.P} \${currentBuild.number} \${JOB_NAME}"
}`,
      };
      const world = { environment: { JOB_NAME: 'j', BUILD_NUMBER: '7' }, parameters: { P: 'p' } };
      assert.deepEqual(await does('show()', files, world), ['echo j p 7 j']);
    });

    it('what it sets in env, outside too', async () => {
      const files = { 'vars/mark.groovy': "def call() { env.MARK = 'set' }" };
      assert.deepEqual(await does('mark()\necho env.MARK', files), ['echo set']);
    });

    it('neither functions nor variables of the Jenkinsfile', async () => {
      const files = {
        'vars/look.groovy': `def call() {
  own()
  try { echo hidden } catch (e) { echo 'no variable' }
}`,
      };
      const text = `@Library('tools') _
def own() { echo 'seen' }
hidden = 'seen'
node { look() }`;
      const { log } = await withLibrary(text, files);
      assert.deepEqual(log.slice(1, -1), ['own', 'echo no variable']);
    });

    it('the Jenkinsfile’s functions from within a closure of the Jenkinsfile', async () => {
      const files = { 'vars/around.groovy': "def call(body) { echo 'in'; body(); echo 'out' }" };
      const text = `@Library('tools') _
def own() { echo 'own' }
node { around { own() } }`;
      const { log } = await withLibrary(text, files);
      assert.deepEqual(
        log.filter((line) => line.startsWith('echo')),
        ['echo in', 'echo own', 'echo out'],
      );
    });

    it('the steps by the script it was given', async () => {
      const files = { 'vars/a.groovy': "def call(script) { script.sh 'make'; script.own() }" };
      const text = "@Library('tools') _\ndef own() { echo 'own' }\nnode { a(this) }";
      const { log } = await withLibrary(text, files);
      assert.deepEqual(log.slice(1, 3), ['sh make', 'echo own']);
    });
  });

  describe('has properties', () => {
    const files = {
      'vars/site.groovy': "def getName() { 'moat' }",
      'vars/a.groovy': `def call(script) {
  echo "\${script.env.JOB_NAME} \${script.params.P} \${script.currentBuild.currentResult}"
  script.currentBuild.result = 'UNSTABLE'
}`,
    };

    it('by getters', async () => {
      assert.deepEqual(await does('echo site.name', files), ['echo moat']);
    });

    it('that are Jenkins’ own, by the script it was given', async () => {
      const text = "@Library('tools') _\nnode { a(this) }";
      const world = { environment: { JOB_NAME: 'j' }, parameters: { P: 'p' } };
      const { log, outcome } = await withLibrary(text, files, world);
      assert.ok(log.includes('echo j p SUCCESS'), log.join('\n'));
      assert.equal(outcome, 'UNSTABLE');
    });

    it('of which one that is not there is missing, as in Jenkins', async () => {
      const [error] = await does('echo site.nothing', files);
      assert.equal(error, 'error No such property: nothing for class: site');
    });
  });

  describe('reads a closure as its configuration', () => {
    const files = {
      'vars/build.groovy': `def call(body) {
  def config = [:]
  body.resolveStrategy = Closure.DELEGATE_FIRST
  body.delegate = config
  body()
  sh "build \${config.name} with \${config.jobs}"
}`,
    };

    it('by its delegate', async () => {
      assert.deepEqual(await does("build {\n  name = 'moat'\n  jobs = 2 + 2\n}", files), [
        'sh build moat with 4',
      ]);
    });

    it('with the variables and steps that are around it', async () => {
      const body = "def n = 'outer'\nbuild {\n  echo 'asked'\n  name = n\n  jobs = name.size()\n}";
      assert.deepEqual(await does(body, files), ['echo asked', 'sh build outer with 5']);
    });

    it('with conditions and closures inside', async () => {
      const body = "build {\n  if (true) { name = 'a' }\n  [1, 2].each { jobs = it }\n}";
      assert.deepEqual(await does(body, files), ['sh build a with 2']);
    });

    it('where env is null, since the map comes first', async () => {
      const [error] = await does('build { name = env.JOB_NAME }', files);
      assert.match(error ?? '', /Cannot get property 'JOB_NAME' on null object/);
    });

    it('with the owner first, if it says so', async () => {
      const owner = {
        'vars/build.groovy': `def call(body) {
  def config = [name: 'default']
  body.setDelegate(config)
  body.setResolveStrategy(Closure.OWNER_FIRST)
  body()
}`,
      };
      const world = { environment: { JOB_NAME: 'j' } };
      assert.deepEqual(await does('build { echo "${name} ${env.JOB_NAME}" }', owner, world), [
        'echo default j',
      ]);
    });

    it('with its own functions, if it is the delegate itself', async () => {
      const dsl = {
        'vars/recipe.groovy': `def call(Closure body) {
  body.delegate = this
  body.resolveStrategy = Closure.DELEGATE_FIRST
  body()
}
def mix(what) { echo "mix \${what}" }`,
      };
      assert.deepEqual(await does("recipe { mix 'flour' }", dsl), ['echo mix flour']);
    });
  });

  describe('may hold the whole pipeline', () => {
    const files = {
      'vars/standard.groovy': `def call(Map config) {
  pipeline {
    agent any
    environment { NAME = "\${config.name}" }
    stages {
      stage('Build') { steps { sh 'make' } }
      stage('Test') {
        when { expression { config.test } }
        steps { sh 'make test' }
      }
    }
    post { always { echo "done \${config.name}" } }
  }
}`,
    };

    it('which is run as Declarative', async () => {
      const text = "@Library('tools') _\nstandard(name: 'moat', test: true)";
      const recording = await withLibrary(text, files);
      assert.deepEqual(recording.log, [
        'agent any',
        'implicit checkout scm',
        'stage Build',
        'sh make',
        'end Build SUCCESS',
        'stage Test',
        'sh make test',
        'end Test SUCCESS',
        'post',
        'echo done moat',
        'end post',
        'end agent',
      ]);
      assert.equal(recording.environments.get('make')?.['NAME'], 'moat');
    });

    it('and fails with it', async () => {
      const text = "@Library('tools') _\nstandard(name: 'moat', test: false)";
      const { outcome, log } = await withLibrary(text, files, {
        sh: () => {
          throw new StepError('script returned exit code 2', 'FAILURE', 2);
        },
      });
      assert.equal(outcome, 'FAILURE');
      assert.ok(log.some((line) => line.startsWith('not run Test')));
    });
  });

  describe('has resources', () => {
    const files = {
      'vars/a.groovy': "def call() { sh libraryResource('org/x/run.sh') }",
      'resources/org/x/run.sh': 'make all',
    };

    it('whose text is given', async () => {
      assert.deepEqual(await does('a()', files), ['sh make all']);
    });

    it('of which a missing one fails the run', async () => {
      assert.deepEqual(await does("libraryResource 'b.txt'", files), [
        'error No such library resource b.txt could be found.',
      ]);
    });

    it('that are Unknown where a library could not be had', async () => {
      const text = "@Library(['tools', 'gone']) _\nnode { echo libraryResource('b.txt') }";
      const { log } = await withLibrary(text, files);
      assert.ok(log.includes('echo ‹the resource b.txt of the library gone›'));
    });
  });

  describe('that cannot be had', () => {
    it('is told as a step of its own', async () => {
      const { log } = await withLibrary("@Library('gone@v1') _\necho 'x'", {});
      assert.deepEqual(log, ['implicit library gone@v1', 'echo x']);
    });

    it('leaves its steps to the effects, which learn whose they may be', async () => {
      const seen: (string | undefined)[] = [];
      await withLibrary(
        "@Library('gone') _\nnode { deploy 'x'; other.run(); sh 'y' }",
        {},
        {
          step: (call) => {
            seen.push(`${call.name} of ${call.library}`);
            return null;
          },
        },
      );
      assert.deepEqual(seen, [
        'library of undefined',
        'deploy of the library gone',
        'other.run of the library gone',
      ]);
    });

    it('is no word of steps that everybody knows', async () => {
      const seen: (string | undefined)[] = [];
      await withLibrary(
        "@Library('gone') _\nnode { sleep 1 }",
        {},
        {
          step: (call) => {
            if (call.name === 'sleep') seen.push(call.library);
            return null;
          },
        },
      );
      assert.deepEqual(seen, [undefined]);
    });

    it('does not keep another from being used', async () => {
      const text = "@Library(['gone', 'tools']) _\nnode { a() }";
      const { log } = await withLibrary(text, { 'vars/a.groovy': "def call() { sh 'a' }" });
      assert.ok(log.includes('sh a'));
    });
  });

  it('comes before a later one of the same variable', async () => {
    const text = "@Library(['tools', 'more']) _\nnode { a() }";
    const { log } = await withLibrary(
      text,
      { 'vars/a.groovy': "def call() { echo 'first' }" },
      { others: { more: { 'vars/a.groovy': "def call() { echo 'second' }" } } },
    );
    assert.ok(log.includes('echo first'));
  });

  it('has lines of its own: scopes, values and variables say which file they count in', async () => {
    const files = {
      'vars/a.groovy': `def call() {
  def out = sh(script: 'ask', returnStdout: true)
  withEnv(['X=1', "Y=\${out}"]) {
    sh 'make'
  }
}`,
    };
    const recording = await withLibrary(
      "@Library('tools') _\nnode {\n  a()\n  sh 'own'\n}",
      files,
      {
        effects: {},
      },
    );
    const inside = recording.scopes.get('make');
    assert.equal(inside?.source, 'vars/a.groovy of library tools');
    assert.equal(inside.range.line, 4);
    const variable = inside.environment.get('X');
    assert.equal(variable?.origin, 'withEnv (vars/a.groovy of library tools)');
    assert.equal(variable.line, 3);
    const own = recording.scopes.get('own');
    assert.equal(own?.source, undefined);
    assert.equal(own?.range.line, 4);
  });

  it('says of what it cannot tell in which of its files', async () => {
    const files = { 'vars/a.groovy': 'def call() { return "${new Strange().x()}" }' };
    assert.deepEqual(await does('echo a()', files), [
      'echo ‹new Strange (vars/a.groovy of library tools)›',
    ]);
  });

  it('that is had at another version than the one asked for says so', async () => {
    const { notices } = await withLibrary("@Library('tools@v2') _\necho 'x'", {});
    assert.deepEqual(notices, ['Library tools is had at v1, not at v2.']);
    assert.deepEqual((await withLibrary("@Library('tools@v1') _", {})).notices, []);
  });

  it('is loaded without a word where the server does so', async () => {
    const text = declarative('a()');
    const recording = await withLibrary(
      text,
      { 'vars/a.groovy': "def call() { sh 'a' }" },
      {
        libraries: ['tools'],
      },
    );
    assert.deepEqual(steps(recording), ['sh a']);
  });

  it('is used in environment and when', async () => {
    const files = { 'vars/version.groovy': "def call() { '1.2' }\ndef isNew() { false }" };
    const text = `@Library('tools') _
pipeline {
  agent any
  environment { VERSION = version() }
  stages {
    stage('S') { steps { sh 'make' } }
    stage('T') {
      when { expression { version.isNew() } }
      steps { sh 'no' }
    }
  }
}`;
    const recording = await withLibrary(text, files, { when: true });
    assert.equal(recording.environments.get('make')?.['VERSION'], '1.2');
    assert.ok(recording.log.includes('skip T'));
  });
});
