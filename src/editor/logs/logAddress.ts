import * as vscode from 'vscode';
import { plain } from '../look/plain';

export const LOG_SCHEME = 'ci-parity-log';

/** What a log document shows. */
export type LogAddress =
  /** `url` is the run's. */
  | { readonly kind: 'run'; readonly url: string }
  /** `id` is the reproduction's. */
  | { readonly kind: 'reproduction'; readonly id: string };

/** All that is needed to open the document again, after VS Code was restarted too. */
export function logUri(title: string, address: LogAddress): vscode.Uri {
  const name = plain(title).replaceAll('/', '∕');
  const query = `${address.kind}:${address.kind === 'run' ? address.url : address.id}`;
  return vscode.Uri.from({ scheme: LOG_SCHEME, path: `/${name}.log`, query });
}

/** Undefined where it is none of ours: documents are named by anybody. */
export function addressOf({ query }: vscode.Uri): LogAddress | undefined {
  const [, kind, rest = ''] = /^(run|reproduction):(.+)$/s.exec(query) ?? [];
  if (kind === 'run') return { kind, url: rest };
  return kind === 'reproduction' ? { kind, id: rest } : undefined;
}
