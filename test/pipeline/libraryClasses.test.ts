import assert from 'node:assert/strict';
import { withLibrary } from './library';

const FILES = {
  'src/org/x/Tool.groovy': `package org.x

class Tool implements Serializable {
  static final String VERSION = '7'
  def steps
  String name

  Tool(steps, String name = 'n') {
    this.steps = steps
    this.name = name
  }

  def build() {
    steps.sh "build \${name}"
    steps.own()
    return describe()
  }

  private describe() { "built \${name}" }

  static String shout(String text) { text.toUpperCase() }
}`,
  'src/org/x/Base.groovy': `package org.x

abstract class Base {
  def script
  Base(script) { this.script = script }
  def run() { script.echo "base of \${what()}" }
  abstract what()
}`,
  'src/org/x/Child.groovy': `package org.x

class Child extends Base {
  Child(script) { super(script) }
  def what() { 'child' }
}`,
  'src/org/x/notes.groovy': `package org.x

def say(text) { echo "note \${text}" }
def twice(text) { say(text); say(text) }
return this`,
  'vars/build.groovy': `import org.x.Tool

def call() { echo new Tool(this, 'v').build() }
def own() { echo 'own of vars' }`,
};

/** What a file on a node does that imports the classes above. */
async function does(body: string): Promise<string[]> {
  const text = `@Library('tools')
import org.x.Tool
import org.x.Child
import static org.x.Tool.shout

def own() { echo 'own' }
node {
${body}
}`;
  const { log, error } = await withLibrary(text, FILES);
  return [
    ...log.filter((line) => !/^(end )?agent/.test(line)),
    ...(error === undefined ? [] : [`error ${error}`]),
  ];
}

describe('A class of a shared library', () => {
  it('is made and called, and calls steps and functions of the script it was given', async () => {
    assert.deepEqual(await does("def tool = new Tool(this, 'a')\necho tool.build()"), [
      'sh build a',
      'echo own',
      'echo built a',
    ]);
  });

  it('is found by its full name, without an import', async () => {
    assert.deepEqual(await does('new org.x.Tool(this).build()'), ['sh build n', 'echo own']);
  });

  it('has static methods and fields', async () => {
    assert.deepEqual(await does("echo Tool.shout('x') + Tool.VERSION"), ['echo X7']);
  });

  it('has methods that can be imported', async () => {
    assert.deepEqual(await does("echo shout('x')"), ['echo X']);
  });

  it('extends a class of another file', async () => {
    assert.deepEqual(await does('new Child(this).run()'), ['echo base of child']);
  });

  it('is used by the library’s own global variables, with themselves as the script', async () => {
    assert.deepEqual(await does('build()'), ['sh build v', 'echo own of vars', 'echo built v']);
  });

  it('may be a script, with its functions as methods and the steps at hand', async () => {
    assert.deepEqual(await does("def notes = new org.x.notes()\nnotes.twice('a')"), [
      'echo note a',
      'echo note a',
    ]);
  });

  it('is reached from what the step library gives', async () => {
    assert.deepEqual(await does("echo library('tools').org.x.Tool.shout('x')"), ['echo X']);
    assert.deepEqual(await does("echo library('tools').org.x.Tool.new(this, 'q').name"), [
      'echo q',
    ]);
  });

  it('that the library does not have is Unknown', async () => {
    const [line] = await does("echo library('tools').org.x.Other.run()");
    assert.match(line ?? '', /org\.x\.Other of library tools/);
    const [other] = await does('echo new org.x.Other().run()');
    assert.match(other ?? '', /new org\.x\.Other/);
  });

  it('may make one of itself as its static field', async () => {
    const files = {
      'src/org/x/One.groovy': `package org.x
class One {
  static final One INSTANCE = new One()
  def name() { 'one' }
}`,
    };
    const { log } = await withLibrary(
      "@Library('tools') import org.x.One\nnode { echo One.INSTANCE.name() }",
      files,
    );
    assert.ok(log.includes('echo one'));
  });

  it('has fields that are null until they are set, also inherited and static ones', async () => {
    const files = {
      'src/org/x/A.groovy': `package org.x
class A {
  static A instance
  List branches
  static A get() { if (!instance) { instance = new A() }; return instance }
}`,
      'src/org/x/B.groovy': 'package org.x\nclass B extends A { }',
    };
    const { log, error } = await withLibrary(
      `@Library('tools') import org.x.*
node {
  echo "\${new B().branches} \${A.get().branches}"
}`,
      files,
    );
    assert.equal(error, undefined);
    assert.ok(log.includes('echo null null'), log.join('\n'));
  });

  it('that is a singleton has its one instance', async () => {
    const files = {
      'src/org/x/One.groovy': `package org.x
@Singleton
class One implements Serializable {
  int count = 0
}`,
    };
    const { log } = await withLibrary(
      `@Library('tools') import org.x.One
node {
  One.instance.count = 2
  echo "\${One.getInstance().count}"
}`,
      files,
    );
    assert.ok(log.includes('echo 2'), log.join('\n'));
  });

  it('has lines of its own file', async () => {
    const { scopes } = await withLibrary(
      "@Library('tools') import org.x.Tool\nnode { new Tool(this).build() }",
      FILES,
    );
    const at = scopes.get('build n');
    assert.equal(at?.source, 'src/org/x/Tool.groovy of library tools');
    assert.equal(at.range.line, 14);
  });
});
