import type { Commands } from '../frame/commands';
import type { Credentials } from '../reproductions/credentials';
import type { RunsNode } from '../runs/runsNodes';
import type { Servers } from './servers';

/** The commands about servers and their jobs. What they ask is loaded when one of them is wanted. */
export function serverCommands(servers: Servers, credentials: Credentials): Commands {
  const dialogues = async () => (await import('./main')).serverDialogues(servers, credentials);
  return {
    'ciParity.connect': async (node?: RunsNode) => (await dialogues()).connect(node),
    'ciParity.chooseJob': async (node?: RunsNode) => (await dialogues()).chooseJob(node),
    'ciParity.signOut': async (node?: RunsNode) => (await dialogues()).signOut(node),
  };
}
