import { RUN_VARIABLES } from '../../pipeline/catalogue/globalsCatalogue';
import type { Read, Setter } from '../vagrant/environmentFlow';
import { isReadByTools } from '../vagrant/quietNames';
import { knownOf, whereOf } from './definitionText';
import { code } from './markdown';

/** At most this many setters are told of one by one. */
const MOST = 6;

/**
 * What to say of a variable where a Vagrantfile or a script reads it: its value in CI and from
 * where, and what it is here. Markdown in which all of the files' own text is in code.
 */
export function readText(read: Read, setters: readonly Setter[]): string[] {
  const { name } = read;
  const sections = [`**${code(name)}**`];
  const told = setters.slice(0, MOST).map((setter) => `- ${inCi(setter)}`);
  const left = setters.length - told.length;
  if (left > 0) told.push(`- and ${left} more`);
  const ofRun = RUN_VARIABLES.get(name);
  if (told.length > 0) sections.push(`In CI:\n${told.join('\n')}`);
  else if (ofRun) sections.push(`In CI Jenkins itself sets it. ${ofRun.documentation}`);
  else if (!isReadByTools(name))
    sections.push(
      'No Jenkinsfile of this folder sets it: in CI it is what the server or the agent has.',
    );
  sections.push(here(read));
  return sections;
}

/** The hint on a variable that a Vagrantfile reads and CI never sets. */
export function neverSetText({ name, fallback, how }: Read): string {
  const then =
    how === 'needed'
      ? 'this file fails there'
      : fallback === undefined
        ? 'it is not set there'
        : `it is ${fallback} there, too`;
  return `No Jenkinsfile that starts Vagrant sets ${name}: unless the server or the agent does, ${then}.`;
}

/** The hint on an entry of `environment` that nothing reads. */
export function unreadText(name: string): string {
  return `Nothing that this Jenkinsfile runs reads ${name}: neither a script nor a Vagrantfile of this folder names it.`;
}

function inCi({ source, definition }: Setter): string {
  const known = knownOf(source.symbols, definition);
  const where = `by ${whereOf(source.symbols, definition)} of ${code(source.path)}`;
  switch (known.kind) {
    case 'value':
      return `${code(known.text)}, ${where}`;
    case 'at run time':
      return `what ${code(known.source)} comes to, ${where}`;
    case 'credential':
      return `the credential ${code(known.id)}, ${where}`;
    case 'nothing':
      return `set ${where}`;
  }
}

function here({ how, fallback }: Read): string {
  if (how === 'needed') return 'Here: it must be set, else this file fails.';
  if (fallback === undefined) return 'Here: what your own environment has.';
  return `Here: ${code(fallback)}, unless your own environment has it.`;
}
