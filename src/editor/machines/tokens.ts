import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { LenderSettings } from '../../machines/lenders/settings';
import { plain } from '../look/plain';

const KEY = 'lender:';

/** The tokens of lenders, as the secret storage keeps them, by the lenders' names. */
export async function tokensOf(
  lenders: readonly LenderSettings[],
  secrets: vscode.SecretStorage,
): Promise<Record<string, string>> {
  const all = await Promise.all(
    lenders.filter(wantsToken).map(async ({ name }) => [name, await secrets.get(KEY + name)]),
  );
  return Object.fromEntries(all.filter(([, token]) => token !== undefined)) as Record<
    string,
    string
  >;
}

/** Asks for the token of a lender, and keeps it; an empty one is forgotten. Whether there was an answer. */
export async function askToken(
  lenders: readonly LenderSettings[],
  secrets: vscode.SecretStorage,
): Promise<boolean> {
  const wanting = lenders.filter(wantsToken);
  if (wanting.length === 0)
    throw new UserError('No lender wants a token.', {
      advice: 'Lenders of the kind "packet" do; the others bring their own ways to sign in.',
    });
  const [only] = wanting;
  const name =
    wanting.length === 1
      ? only?.name
      : await vscode.window.showQuickPick(
          wanting.map((lender) => lender.name),
          { title: 'The token of which lender?' },
        );
  if (name === undefined) return false;
  const token = await vscode.window.showInputBox({
    title: `The token of ${plain(name)}`,
    prompt: 'It is kept where VS Code keeps secrets. Empty to forget it.',
    password: true,
    ignoreFocusOut: true,
  });
  if (token === undefined) return false;
  if (token.trim() === '') await secrets.delete(KEY + name);
  else await secrets.store(KEY + name, token.trim());
  return true;
}

export function isTokenKey(key: string): boolean {
  return key.startsWith(KEY);
}

function wantsToken({ kind }: LenderSettings): boolean {
  return kind === 'packet';
}
