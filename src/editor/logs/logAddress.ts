import * as vscode from 'vscode';
import { plain } from '../look/plain';

export const LOG_SCHEME = 'ci-parity-log';

/** What a log document shows. `url` is the run's. */
export type LogAddress =
  | { readonly kind: 'run'; readonly url: string }
  /** `id` is the server's, `stage` the stage's path. */
  | {
      readonly kind: 'stage';
      readonly url: string;
      readonly id: string;
      readonly stage: readonly string[];
    }
  /** `id` is the reproduction's. */
  | { readonly kind: 'reproduction'; readonly id: string };

/** All that is needed to open the document again, after VS Code was restarted too. */
export function logUri(title: string, address: LogAddress): vscode.Uri {
  const name = plain(title).replaceAll('/', '∕');
  const query = `${address.kind}:${textOf(address)}`;
  return vscode.Uri.from({ scheme: LOG_SCHEME, path: `/${name}.log`, query });
}

/** Undefined where it is none of ours: anybody can name a document. */
export function addressOf({ query }: vscode.Uri): LogAddress | undefined {
  const [, kind, rest = ''] = /^(run|stage|reproduction):(.+)$/s.exec(query) ?? [];
  if (kind === 'run') return { kind, url: rest };
  if (kind === 'reproduction') return { kind, id: rest };
  const parts = rest.split('&').map(decodeURIComponent);
  const [url, id, ...stage] = parts;
  if (kind !== 'stage' || url === undefined || id === undefined) return undefined;
  return { kind, url, id, stage };
}

function textOf(address: LogAddress): string {
  switch (address.kind) {
    case 'run':
      return address.url;
    case 'reproduction':
      return address.id;
    case 'stage':
      return [address.url, address.id, ...address.stage].map(encodeURIComponent).join('&');
  }
}
