import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { api, aroundMoat, folder, JENKINSFILE, until } from './bed';

/** A folder of its own for the files of these tests. */
function directory(): string {
  return join(folder(), 'out', 'host-language');
}

function put(path: string, text: string): vscode.Uri {
  const file = join(directory(), path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return vscode.Uri.file(file);
}

async function open(path: string, text: string): Promise<vscode.TextDocument> {
  return vscode.workspace.openTextDocument(put(path, text));
}

/** The place of the first `what`, plus some characters. */
function at(document: vscode.TextDocument, what: string, plus = 0): vscode.Position {
  const offset = document.getText().indexOf(what);
  assert.ok(offset >= 0, what);
  return document.positionAt(offset + plus);
}

function textOf(hovers: readonly vscode.Hover[]): string {
  return hovers
    .flatMap(({ contents }) => contents)
    .map((content) => {
      assert.ok(content instanceof vscode.MarkdownString);
      // What is read from files and servers never becomes a command.
      assert.ok(!content.isTrusted);
      return content.value;
    })
    .join('\n');
}

function ask<T>(command: string, ...args: readonly unknown[]): Thenable<T> {
  return vscode.commands.executeCommand<T>(command, ...args);
}

const hoverAt = async (uri: vscode.Uri, position: vscode.Position): Promise<string> =>
  textOf(await ask<vscode.Hover[]>('vscode.executeHoverProvider', uri, position));

const completionsAt = async (uri: vscode.Uri, position: vscode.Position): Promise<string[]> => {
  const list = await ask<vscode.CompletionList>(
    'vscode.executeCompletionItemProvider',
    uri,
    position,
  );
  return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
};

function problemsIn(uri: vscode.Uri, code: string): vscode.Diagnostic[] {
  return vscode.languages
    .getDiagnostics(uri)
    .filter((each) => each.source === 'CI Parity' && each.code === code);
}

async function reported(uri: vscode.Uri, code: string): Promise<vscode.Diagnostic[]> {
  await until(vscode.languages.onDidChangeDiagnostics, () => problemsIn(uri, code).length > 0);
  return problemsIn(uri, code);
}

/** The Jenkinsfile of the sample repository, as its story writes it. */
function sampleText(): string {
  const story = readFileSync(join(folder(), 'test/bed/sample/make.sh'), 'utf8');
  const text = /cat >Jenkinsfile <<'E'\n([^]*?\n)E\n/.exec(story)?.[1];
  assert.ok(text !== undefined);
  return text;
}

function names(symbols: readonly vscode.DocumentSymbol[], depth = 0): string[] {
  return symbols.flatMap(({ name, detail, children }) => [
    `${' '.repeat(depth)}${name}${detail === '' ? '' : ` ${detail}`}`,
    ...names(children, depth + 1),
  ]);
}

describe('the sample’s Jenkinsfile in the editor', () => {
  let sample: vscode.TextDocument;
  before(async () => {
    await (await api()).languages.load();
    put('contrib/vagrant/start.sh', '#!/bin/sh\nvagrant up\n');
    put('Vagrantfile', 'Vagrant.configure("2") { |config| }\n');
    sample = await open('Jenkinsfile', sampleText());
  });

  it('has an outline of its stages, variables and post', async () => {
    const symbols = await ask<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      sample.uri,
    );
    assert.deepEqual(names(symbols), [
      'pipeline',
      ' Build',
      '  MEMORY 4096',
      '  RUN_TEST_SUITE 1',
      ' post always',
      '  always',
    ]);
  });

  it('folds', async () => {
    const folds = await ask<vscode.FoldingRange[]>(
      'vscode.executeFoldingRangeProvider',
      sample.uri,
    );
    const build = sample.positionAt(sample.getText().indexOf("stage('Build')")).line;
    assert.ok(folds.some(({ start }) => start === build));
  });

  it('tells of a variable on hover', async () => {
    const text = await hoverAt(sample.uri, at(sample, 'MEMORY'));
    assert.match(text, /Value: `4096`/);
    assert.match(text, /stage `Build`, line 11/);
  });

  it('tells of a step and of a directive on hover', async () => {
    assert.match(await hoverAt(sample.uri, at(sample, 'sh ')), /\*\*sh\*\* step/);
    assert.match(await hoverAt(sample.uri, at(sample, 'timeout')), /takes longer/);
  });

  it('completes steps where steps are, and what a stage may have', async () => {
    const inSteps = await completionsAt(sample.uri, at(sample, "sh './contrib"));
    for (const step of ['sh', 'echo', 'junit', 'script']) assert.ok(inSteps.includes(step), step);
    const inStage = await completionsAt(sample.uri, at(sample, 'environment {'));
    assert.ok(inStage.includes('when') && !inStage.includes('junit'));
  });

  it('shows the parameters of a step that is being written', async () => {
    const document = await open('signature.Jenkinsfile', "node { sh(script: 'x', ) }");
    const help = await ask<vscode.SignatureHelp>(
      'vscode.executeSignatureHelpProvider',
      document.uri,
      at(document, ', )', 2),
    );
    assert.match(help.signatures[0]?.label ?? '', /^sh\(script: string/);
    assert.equal(help.activeParameter, 1);
  });

  it('links the script that it runs, and the Vagrantfile of the command', async () => {
    const links = await ask<vscode.DocumentLink[]>('vscode.executeLinkProvider', sample.uri, 10);
    const shown = links.map(({ range, target }) => {
      return `${sample.getText(range)} ${target?.path.slice(directory().length) ?? ''}`;
    });
    assert.deepEqual(shown, [
      './contrib/vagrant/start.sh /contrib/vagrant/start.sh',
      'vagrant /Vagrantfile',
    ]);
  });

  it('goes from the script to it and its Vagrantfile', async () => {
    const found = await ask<vscode.Location[]>(
      'vscode.executeDefinitionProvider',
      sample.uri,
      at(sample, './contrib', 4),
    );
    assert.deepEqual(found.map(({ uri }) => uri.path.slice(directory().length)).sort(), [
      '/Vagrantfile',
      '/contrib/vagrant/start.sh',
    ]);
  });
});

describe('a Jenkinsfile that is worked on', () => {
  const source = `def build(what) { sh "make \${what}" }
pipeline {
  agent any
  environment { TARGET = 'all' }
  stages {
    stage('Build') {
      steps {
        sh 'echo $TARGET'
        echo "\${TARGET} \${TARGTE}"
        script { build(env.TARGET) }
        mail to: 'a'
      }
    }
  }
}
`;
  let document: vscode.TextDocument;
  before(async () => {
    await (await api()).languages.load();
    document = await open('worked/Jenkinsfile', source);
  });

  it('goes to definitions', async () => {
    const found = await ask<vscode.Location[]>(
      'vscode.executeDefinitionProvider',
      document.uri,
      at(document, '$TARGET', 3),
    );
    assert.deepEqual(
      found.map(({ range }) => document.getText(range)),
      ['TARGET'],
    );
    assert.equal(found[0]?.range.start.line, 3);
  });

  it('finds references, and highlights them', async () => {
    const references = await ask<vscode.Location[]>(
      'vscode.executeReferenceProvider',
      document.uri,
      at(document, 'TARGET'),
    );
    assert.deepEqual(
      references.map(({ range }) => range.start.line + 1),
      [4, 8, 9, 10],
    );
    const highlights = await ask<vscode.DocumentHighlight[]>(
      'vscode.executeDocumentHighlights',
      document.uri,
      at(document, 'build(what)', 1),
    );
    assert.ok(highlights.length >= 2);
  });

  it('renames a function with its calls', async () => {
    const edit = await ask<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      document.uri,
      at(document, 'build(what)'),
      'compile',
    );
    assert.deepEqual(
      edit.get(document.uri).map(({ range, newText }) => `${range.start.line + 1} ${newText}`),
      ['1 compile', '10 compile'],
    );
  });

  it('reports an undefined variable, mends it, and hints at what is not repeated', async () => {
    const [problem] = await reported(document.uri, 'undefined-variable');
    assert.ok(problem);
    assert.equal(document.getText(problem.range), 'TARGTE');
    assert.equal(problem.severity, vscode.DiagnosticSeverity.Warning);
    const [hint] = problemsIn(document.uri, 'not-repeated');
    assert.equal(hint?.severity, vscode.DiagnosticSeverity.Hint);
    const actions = await ask<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      problem.range,
    );
    const fix = actions.find(({ title }) => title === 'Change to TARGET');
    assert.ok(fix?.edit);
    await vscode.workspace.applyEdit(fix.edit);
    await until(
      vscode.languages.onDidChangeDiagnostics,
      () => problemsIn(document.uri, 'undefined-variable').length === 0,
    );
    assert.match(document.getText(), /"\$\{TARGET\} \$\{TARGET\}"/);
  });

  it('reports what is typed wrong, and takes it back when it is right', async () => {
    const other = await open('typed/Jenkinsfile', 'node { echo 1 }\n');
    const insert = async (text: string): Promise<void> => {
      const edit = new vscode.WorkspaceEdit();
      const whole = new vscode.Range(0, 0, other.lineCount, 0);
      edit.replace(other.uri, whole, text);
      await vscode.workspace.applyEdit(edit);
    };
    await insert("node { echo 'a }\n");
    const [problem] = await reported(other.uri, 'syntax');
    assert.equal(problem?.severity, vscode.DiagnosticSeverity.Error);
    await insert("node { echo 'a' }\n");
    await until(
      vscode.languages.onDidChangeDiagnostics,
      () => problemsIn(other.uri, 'syntax').length === 0,
    );
  });

  it('reports what Jenkins refuses', async () => {
    const wrong = await open('wrong.Jenkinsfile', 'pipeline {\n  agent any\n  nonsense { }\n}\n');
    const found = await reported(wrong.uri, 'structure');
    assert.ok(found.some(({ message }) => message.includes('nonsense')));
  });

  it('completes variables in strings and shells', async () => {
    const typed = await open(
      'strings.Jenkinsfile',
      `pipeline { environment { TARGET = 'x' }\n stages { stage('a') { steps {\n sh 'echo $'\n echo "\${}"\n} } } }`,
    );
    assert.ok((await completionsAt(typed.uri, at(typed, "$'", 1))).includes('TARGET'));
    assert.ok((await completionsAt(typed.uri, at(typed, '${}', 2))).includes('TARGET'));
  });
});

describe('what is known beside a Jenkinsfile', () => {
  const configuration = () => vscode.workspace.getConfiguration('ciParity');
  const workspaceOnly = vscode.ConfigurationTarget.Global;

  it('is where a library’s step is defined, and what its help says', async () => {
    put('library/vars/shipIt.groovy', 'def call(where) { }\n');
    put('library/vars/shipIt.txt', 'Ships it [there](command:x).\n');
    await configuration().update(
      'libraries',
      { tools: join(directory(), 'library') },
      workspaceOnly,
    );
    try {
      const document = await open(
        'library.Jenkinsfile',
        "@Library('tools') _\nnode { shipIt 'x' }\n",
      );
      const found = await ask<vscode.Location[]>(
        'vscode.executeDefinitionProvider',
        document.uri,
        at(document, 'shipIt'),
      );
      assert.match(found[0]?.uri.path ?? '', /library\/vars\/shipIt\.groovy$/);
      assert.match(
        await hoverAt(document.uri, at(document, 'shipIt')),
        /library `tools`[^]*Ships it/,
      );
      assert.ok((await completionsAt(document.uri, at(document, "shipIt 'x'"))).includes('shipIt'));
    } finally {
      await configuration().update('libraries', undefined, workspaceOnly);
    }
  });

  it('is which other files are Jenkinsfiles', async () => {
    const document = await open('ci/pipeline.groovy', sampleText());
    const hover = (): Promise<string> => hoverAt(document.uri, at(document, 'MEMORY'));
    assert.doesNotMatch(await hover(), /4096/);
    await configuration().update('jenkinsfiles', ['out/host-language/ci/*.groovy'], workspaceOnly);
    try {
      assert.match(await hover(), /4096/);
    } finally {
      await configuration().update('jenkinsfiles', undefined, workspaceOnly);
    }
    assert.doesNotMatch(await hover(), /4096/);
  });

  it('is which stages there are in the whole workspace', async () => {
    await open('stages.Jenkinsfile', "node {\n  stage('Quite unlike others') { echo 'x' }\n}\n");
    const found = await ask<vscode.SymbolInformation[]>(
      'vscode.executeWorkspaceSymbolProvider',
      'quiteunlike',
    );
    const [stage] = found.filter(({ name }) => name === 'Quite unlike others');
    assert.match(stage?.location.uri.path ?? '', /stages\.Jenkinsfile$/);
    assert.equal(stage?.location.range.start.line, 1);
  });

  it('is the ids of credentials in other Jenkinsfiles', async () => {
    put('other/Jenkinsfile', "pipeline { environment { A = credentials('of-another-file') } }\n");
    await vscode.workspace.openTextDocument(
      vscode.Uri.file(join(directory(), 'other/Jenkinsfile')),
    );
    const document = await open(
      'ids.Jenkinsfile',
      "pipeline { environment { B = credentials('') } }\n",
    );
    const found = await completionsAt(document.uri, at(document, "('')", 2));
    assert.ok(found.includes('of-another-file'), found.join(', '));
  });

  describe('with a server', () => {
    aroundMoat();

    it('is how a stage ended in its last runs', async () => {
      const document = await open('history/Jenkinsfile', JENKINSFILE);
      const { lenses } = await (await api()).languages.load();
      const told = (): Promise<string> => hoverAt(document.uri, at(document, "'Test'", 2));
      await until(lenses.onDidChangeCodeLenses, async () => /In CI/.test(await told()));
      assert.match(await told(), /stage.* `Test`[^]*In CI: ✗ ✓[^]*failed in #42/);
    });
  });
});

describe('a Jenkinsfile of a thousand lines', () => {
  let long: vscode.TextDocument;
  before(async () => {
    await (await api()).languages.load();
    const stages = Array.from(
      { length: 125 },
      (_, index) => `    stage('Stage ${index}') {
      environment {
        VALUE_${index} = "\${BASE}-${index}"
      }
      steps {
        sh 'echo $VALUE_${index}'
      }
    }
`,
    ).join('');
    const text = `pipeline {\n  agent any\n  environment { BASE = 'b' }\n  stages {\n${stages}  }\n}\n`;
    assert.ok(text.split('\n').length > 1000);
    long = await open('long/Jenkinsfile', text);
  });

  it('has its outline, folds and hover, and all of them soon', async () => {
    const began = performance.now();
    const symbols = await ask<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      long.uri,
    );
    const folds = await ask<vscode.FoldingRange[]>('vscode.executeFoldingRangeProvider', long.uri);
    const hover = await hoverAt(long.uri, at(long, '$VALUE_77', 3));
    const took = performance.now() - began;
    assert.equal(names(symbols).filter((name) => /Stage \d+/.test(name)).length, 125);
    assert.ok(folds.length >= 375);
    assert.match(hover, /Value: `b-77`/);
    assert.ok(took < 5000, `${took} ms`);
  });

  it('has references and completion', async () => {
    const references = await ask<vscode.Location[]>(
      'vscode.executeReferenceProvider',
      long.uri,
      at(long, 'BASE'),
    );
    assert.equal(references.length, 126);
    const found = await completionsAt(long.uri, at(long, '$VALUE_99', 1));
    assert.ok(found.includes('VALUE_99') && found.includes('BASE') && !found.includes('VALUE_98'));
  });
});
