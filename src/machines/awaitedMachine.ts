import { awaiting, type AwaitedHost } from '../base/awaited';
import { printable } from '../base/json';
import type { Machine, MachineFiles } from './machine';
import { shellLine } from './quote';

/** Characters of a command that are shown. */
const SHOWN = 80;

/** `machine`, with all that it does registered as awaited. `isFar`: it may stop answering. */
export function awaitedMachine(machine: Machine, isFar: boolean): Machine {
  const { files } = machine;
  const host: AwaitedHost | undefined = isFar
    ? { name: machine.name, ping: (signal) => files.stat('/', signal) }
    : undefined;
  const during = <T>(what: string, work: Promise<T>): Promise<T> => awaiting(what, work, host);
  const awaitedFiles: MachineFiles = {
    read: (path, ...more) => during(`${path} to be read`, files.read(path, ...more)),
    write: (path, ...more) => during(`${path} to be written`, files.write(path, ...more)),
    stat: (path, ...more) => during(`${path} to be looked at`, files.stat(path, ...more)),
    makeFolder: (path, ...more) => during(`${path} to be made`, files.makeFolder(path, ...more)),
    remove: (path, ...more) => during(`${path} to be removed`, files.remove(path, ...more)),
    list: (path, ...more) => during(`${path} to be listed`, files.list(path, ...more)),
    find: (path, ...more) => during(`${path} to be searched`, files.find(path, ...more)),
    copy: (from, ...more) => during(`${from} to be copied`, files.copy(from, ...more)),
    touch: (path, ...more) => during(`${path} to be touched`, files.touch(path, ...more)),
  };
  return {
    ...machine,
    files: awaitedFiles,
    run: (script, options) =>
      during(`the step ${quoted(firstLine(script))} to end`, machine.run(script, options)),
    exec: (command, options) => {
      const where = options.directory === undefined ? '' : ` in ${options.directory}`;
      const work = machine.exec(command, options);
      return during(`${quoted(shellLine(command))}${where} to end`, work);
    },
    get: (patterns, directory, ...more) =>
      during(`files of ${directory} to be copied`, machine.get(patterns, directory, ...more)),
    endProcesses: (...all) =>
      during('the processes of the steps to end', machine.endProcesses(...all)),
    [Symbol.asyncDispose]: async () => machine[Symbol.asyncDispose](),
  };
}

function quoted(text: string): string {
  return `\`${printable(text, SHOWN)}\``;
}

/** The first line of a script that does something. */
function firstLine(script: string): string {
  const lines = script.split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '' && !line.startsWith('#')) ?? '';
}
