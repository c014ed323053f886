import type { Library, LibraryCall } from '../../src/pipeline/effects';
import { record } from './recorder';
import type { Recording, World } from './recorder';

export type Files = Readonly<Record<string, string>>;

/** Records a file with the library `tools`, and others; what is not among them cannot be had. */
export function withLibrary(
  text: string,
  files: Files,
  world: World & { readonly others?: Readonly<Record<string, Files>> } = {},
): Promise<Recording & { readonly asked: LibraryCall[] }> {
  const all: Readonly<Record<string, Files>> = { tools: files, ...world.others };
  const asked: LibraryCall[] = [];
  const library = (call: LibraryCall): Promise<Library | undefined> => {
    asked.push(call);
    const found = all[call.name];
    return Promise.resolve(
      found && { name: call.name, version: 'v1', files: new Map(Object.entries(found)) },
    );
  };
  return record(text, { ...world, effects: { library, ...world.effects } }).then((recording) => ({
    ...recording,
    asked,
  }));
}

/** What a scripted file on a node does that has the library `tools`. */
export async function does(body: string, files: Files, world: World = {}): Promise<string[]> {
  const text = `@Library('tools') _\nnode {\n${body}\n}`;
  const { log, error } = await withLibrary(text, files, world);
  return [
    ...log.filter((line) => !/^(end )?agent/.test(line)),
    ...(error === undefined ? [] : [`error ${error}`]),
  ];
}
