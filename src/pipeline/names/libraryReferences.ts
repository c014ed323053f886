import type { LibraryCall } from '../effects';
import { bodyOf, lineAt, named, positional } from '../syntax';
import type { Annotation, Call, Expression, Script, Statement } from '../syntax';
import { treeOf } from './tree';

/** A shared library that a Jenkinsfile names as it is written, without running anything. */
export interface LibraryReference {
  readonly name: string;
  /** What stands after `@`; undefined for the server's default, or where it is computed. */
  readonly version: string | undefined;
  /** The address in the `retriever` of the step `library`. */
  readonly remoteUrl: string | undefined;
  readonly line: number;
}

/** `name@version`, as `@Library` and its like have it. */
export function libraryCall(identifier: string): LibraryCall {
  const at = identifier.indexOf('@');
  return at < 0
    ? { name: identifier, version: undefined }
    : { name: identifier.slice(0, at), version: identifier.slice(at + 1) };
}

/** What `@Library`, `libraries { lib(…) }` and the step `library` name, each library once, in the order of the text. */
export function libraryReferences(
  script: Pick<Script, 'statements' | 'lines'>,
): LibraryReference[] {
  const found = new Map<string, LibraryReference>();
  for (const node of treeOf(script).nodes) {
    for (const [value, remoteUrl] of namedBy(node)) {
      const text = beginningOf(value);
      if (text === undefined) continue;
      const { name, version } = libraryCall(text.known);
      if (name === '' || found.has(name)) continue;
      const line = lineAt(script.lines, node.start);
      found.set(name, { name, version: text.whole ? version : undefined, remoteUrl, line });
    }
  }
  return [...found.values()];
}

/** The value of `@Library('a')` and of `@Library(value = 'a', changelog = false)`. */
export function annotationValue({ args }: Annotation): Expression | undefined {
  for (const value of positional(args)) {
    if (value.kind !== 'assignment') return value;
    if (value.target.kind === 'name' && value.target.name === 'value') return value.value;
  }
  return undefined;
}

function namedBy(node: Statement): [Expression, string | undefined][] {
  if (node.kind === 'annotation' && node.name.split('.').at(-1) === 'Library') {
    const value = annotationValue(node);
    return value === undefined ? [] : listed(value).map((each) => [each, undefined]);
  }
  if (node.kind !== 'call' || node.object !== undefined) return [];
  if (node.name === 'library') {
    const value = named(node.args, 'identifier') ?? positional(node.args)[0];
    const retriever = named(node.args, 'retriever');
    return value === undefined ? [] : [[value, retriever && remoteOf(retriever)]];
  }
  if (node.name !== 'libraries') return [];
  return (bodyOf(node)?.body ?? []).flatMap((entry): [Expression, undefined][] => {
    const value = entry.kind === 'call' && entry.name === 'lib' ? positional(entry.args)[0] : null;
    return value ? [[value, undefined]] : [];
  });
}

function listed(value: Expression): readonly Expression[] {
  return value.kind === 'list' ? value.items : [value];
}

/** A text, or the part of one before what is computed, if that holds the whole name. */
function beginningOf(value: Expression): { known: string; whole: boolean } | undefined {
  if (value.kind === 'literal' && typeof value.value === 'string') {
    return { known: value.value, whole: true };
  }
  const first = value.kind === 'gstring' ? value.parts[0] : undefined;
  return typeof first === 'string' && first.includes('@')
    ? { known: first, whole: false }
    : undefined;
}

/** `modernSCM([$class: 'GitSCMSource', remote: '…'])`, or `legacySCM(…)` with a `url`. */
function remoteOf(retriever: Expression): string | undefined {
  const inside = treeOf({ statements: [retriever] }).nodes;
  for (const node of inside) {
    const entries =
      node.kind === 'map'
        ? node.entries.map(({ key, value }) => [keyText(key), value] as const)
        : node.kind === 'call'
          ? argumentsOf(node)
          : [];
    for (const [key, value] of entries) {
      const isAddress = key === 'remote' || key === 'url';
      if (isAddress && value.kind === 'literal' && typeof value.value === 'string') {
        return value.value;
      }
    }
  }
  return undefined;
}

function argumentsOf(call: Call): (readonly [string, Expression])[] {
  return call.args.map(({ name, value }) => [typeof name === 'string' ? name : '', value] as const);
}

function keyText(key: Expression): string {
  if (key.kind === 'name') return key.name;
  return key.kind === 'literal' ? String(key.value) : '';
}
