import { lexRuby, type RubyToken } from './ruby';
import { constantOf, signAt, wordTextAt } from './rubyTokens';

/**
 * The plugins that a Vagrantfile says it cannot do without: `config.vagrant.plugins`, which may be a name, a
 * list, or a hash with the names as keys. What is only asked for by `Vagrant.has_plugin?` can be done without.
 */
export function neededPlugins(vagrantfile: string): string[] {
  const tokens = lexRuby(vagrantfile);
  const names = tokens.flatMap((_, at) =>
    wordTextAt(tokens, at) === 'plugins' &&
    signAt(tokens, at - 1) === '.' &&
    wordTextAt(tokens, at - 2) === 'vagrant' &&
    signAt(tokens, at + 1) === '='
      ? namesAfter(tokens, at + 2)
      : [],
  );
  return [...new Set(names)].filter((name) => /^[a-z\d][\w.-]{0,99}$/i.test(name));
}

/** Of the value that begins there: its texts at the outermost depth, but no values of a hash. */
function namesAfter(tokens: readonly RubyToken[], from: number): string[] {
  const names: string[] = [];
  let depth = 0;
  for (let at = from; at < tokens.length; at++) {
    const token = tokens[at];
    const sign = signAt(tokens, at) ?? '';
    if (/^[[{(]$/.test(sign)) depth++;
    if (/^[\]})]$/.test(sign)) depth--;
    if (token?.kind === 'text' && depth <= 1 && signAt(tokens, at - 1) !== '=>')
      names.push(...(token.list ? wordsOf(token.parts[0]) : [constantOf(token) ?? '']));
    if (depth === 0 && (token?.kind === 'text' || /^[\]})]$/.test(sign))) break;
    if (depth < 0) break;
  }
  return names;
}

function wordsOf(part: string | readonly RubyToken[] | undefined): string[] {
  return typeof part === 'string' ? part.split(/\s+/) : [];
}
