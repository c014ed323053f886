import type { Symbols } from '../../pipeline/symbols';
import { named, positional } from '../../pipeline/syntax';
import type { Expression } from '../../pipeline/syntax';

/** The ids of credentials that a file names. */
export function credentialIds({ tree }: Pick<Symbols, 'tree'>): string[] {
  const ids = new Set<string>();
  const add = (value: Expression | undefined): void => {
    if (value?.kind === 'literal' && typeof value.value === 'string' && value.value !== '')
      ids.add(value.value);
    if (value?.kind === 'list') value.items.forEach(add);
  };
  for (const node of tree.nodes) {
    if (node.kind === 'map')
      for (const { key, value } of node.entries)
        if (key.kind === 'literal' && key.value === 'credentialsId') add(value);
    if (node.kind !== 'call') continue;
    add(named(node.args, 'credentialsId'));
    if (node.object === undefined && node.name === 'credentials') add(positional(node.args)[0]);
    if (node.object === undefined && node.name === 'sshagent') {
      add(positional(node.args).find(({ kind }) => kind !== 'closure'));
      add(named(node.args, 'credentials'));
    }
  }
  return [...ids];
}
