import * as vscode from 'vscode';
import type { Artifact } from '../../jenkins/artifacts';
import type { Run } from '../../jenkins/run';
import type { Commands } from '../frame/commands';
import { withProgress } from '../frame/progress';
import { plain } from '../look/plain';
import type { Servers } from '../servers/servers';
import { textOf } from './artifactText';
import type { RunsNode } from './runsNodes';

const SCHEME = 'ci-parity-artifact';
/** Longer artifacts are saved and not shown. */
const LONGEST_SHOWN = 4 * 1024 * 1024;

/** The files that runs kept: texts are shown in the editor, others are saved where the person wants. */
export class Artifacts implements vscode.Disposable {
  readonly #servers: Servers;
  /** What was read for a document that is about to be opened. */
  readonly #texts = new Map<string, string>();
  readonly #registration: vscode.Disposable;

  constructor(servers: Servers) {
    this.#servers = servers;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: (uri) => {
        const text = this.#texts.get(uri.toString());
        this.#texts.delete(uri.toString());
        return text ?? 'Open this artifact again from its run.';
      },
    });
  }

  commands(): Commands {
    return {
      'ciParity.openArtifact': async (node?: RunsNode) => {
        if (node?.kind !== 'artifact') return;
        const { artifact, of } = node;
        const text = await withProgress(plain(`Reading ${artifact.name}`), (signal) =>
          this.#text(of.run, artifact, signal),
        );
        if (text === undefined) return this.#save(of.run, artifact);
        const uri = uriOf(of.run, artifact);
        this.#texts.set(uri.toString(), text);
        await vscode.window.showTextDocument(uri, { preview: true });
      },

      'ciParity.saveArtifact': async (node?: RunsNode) => {
        if (node?.kind === 'artifact') await this.#save(node.of.run, node.artifact);
      },
    };
  }

  dispose(): void {
    this.#registration.dispose();
  }

  /** Undefined for what is no text, or too long to be shown. */
  async #text(run: Run, artifact: Artifact, signal: AbortSignal): Promise<string | undefined> {
    const read: Buffer[] = [];
    let size = 0;
    for await (const piece of await this.#bytes(run, artifact, signal)) {
      read.push(piece);
      size += piece.length;
      if (size > LONGEST_SHOWN || piece.includes(0)) return undefined;
    }
    return textOf(Buffer.concat(read));
  }

  async #save(run: Run, artifact: Artifact): Promise<void> {
    const { saveArtifact } = await import('./saveArtifact');
    await saveArtifact(artifact.name, (signal) => this.#bytes(run, artifact, signal));
  }

  async #bytes(run: Run, artifact: Artifact, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    return (await this.#servers.client(this.#servers.at(run.url))).artifact(run, artifact, signal);
  }
}

/** Different for each artifact of each run; its end tells VS Code the language. */
function uriOf({ job, number, url }: Run, { path }: Artifact): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: `/${job}/${number}/${path}`, query: url });
}
