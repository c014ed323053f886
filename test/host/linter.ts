import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { JenkinsDouble } from '../bed/jenkins/double';
import { onlyAgents } from '../bed/jenkins/linter';
import { connectTo, disconnect, folder, startMoat, until } from './bed';
import { standIns } from './standIns';

const WRONG = `pipeline {
  stages {
    stage('Build') {
      steps { sh 'make' }
    }
  }
}
`;

/** Finds what we find too, and something besides. */
function lint(text: string): string {
  const answer = onlyAgents(text);
  const more = 'WorkflowScript: 4: Something that only Jenkins knows @ line 4, column 15.\n';
  return answer.startsWith('Errors') ? answer + more : answer;
}

describe("Jenkins' linter", () => {
  const { hear, replace } = standIns();
  let jenkins: JenkinsDouble;
  let file: vscode.Uri;
  before(async () => {
    jenkins = await startMoat({ linter: lint });
    await connectTo(jenkins);
    const directory = join(folder(), 'out', 'host-linter');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'Jenkinsfile'), WRONG);
    file = vscode.Uri.file(join(directory, 'Jenkinsfile'));
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await disconnect();
    await jenkins.close();
  });

  const compare = (): Thenable<unknown> =>
    vscode.commands.executeCommand('ciParity.compareLinter', file);
  const told = (): vscode.Diagnostic[] =>
    vscode.languages.getDiagnostics(file).filter(({ source }) => source === 'Jenkins');

  it('says what is wrong in the Jenkinsfile, until that is changed', async () => {
    const notices = hear('Information');
    const document = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(document);
    await compare();
    assert.deepEqual(
      told().map(
        ({ range, message }) => `${range.start.line + 1}:${range.start.character + 1} ${message}`,
      ),
      ['1:1 Missing required section "agent"', '4:15 Something that only Jenkins knows'],
    );
    assert.match(
      notices[0] ?? '',
      /^Jenkins finds 2 errors: 1 we find too, 1 only Jenkins; 0 only we\.$/,
    );
    const edit = new vscode.WorkspaceEdit();
    edit.insert(file, new vscode.Position(1, 0), '  agent any\n');
    const cleared = until(vscode.languages.onDidChangeDiagnostics, () => told().length === 0);
    await vscode.workspace.applyEdit(edit);
    await cleared;
  });

  it('is content with what is on the screen, saved or not', async () => {
    const notices = hear('Information');
    await compare();
    assert.deepEqual(notices, ['Jenkins accepts this Jenkinsfile, and so do we.']);
    assert.deepEqual(told(), []);
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('is compared with us on a page', async () => {
    replace(vscode.window, 'showInformationMessage', (_: string, button?: string) =>
      Promise.resolve(button),
    );
    const shown = until(vscode.window.onDidChangeActiveTextEditor, () => {
      return vscode.window.activeTextEditor?.document.uri.scheme === 'ci-parity-linter';
    });
    await compare();
    await shown;
    const page = vscode.window.activeTextEditor?.document.getText() ?? '';
    assert.match(page, /## Both say\n\nLine 1, column 1\n {2}> Missing required section "agent"/);
    assert.match(page, /## Only Jenkins says\n\nLine 4, column 15/);
  });

  it('that is not there is explained', async () => {
    const errors = hear('Error');
    const fault = jenkins.fault(/validate/, '404');
    await compare();
    fault[Symbol.dispose]();
    assert.match(errors[0] ?? '', /^ci has no linter that can be asked\..*Pipeline: Declarative/);
  });

  it('that may not be asked is explained', async () => {
    const errors = hear('Error');
    const fault = jenkins.fault(/validate/, '403');
    await compare();
    fault[Symbol.dispose]();
    assert.match(errors[0] ?? '', /does not let your user ask its linter/);
  });

  it('knows no scripted pipelines, and says so', async () => {
    const notices = hear('Information');
    const scripted = vscode.Uri.file(join(folder(), 'out', 'host-linter', 'scripted.Jenkinsfile'));
    writeFileSync(scripted.fsPath, "node { stage('A') { sh 'make' } }\n");
    await vscode.commands.executeCommand('ciParity.compareLinter', scripted);
    assert.match(notices[0] ?? '', /only knows Declarative Pipelines/);
  });
});
