import { readJournal } from './journal';
import { placeName } from './place';
import { readReproduction } from './store';

const NAMES: Readonly<Partial<Record<string, string>>> = {
  worktree: 'the worktree',
  machine: 'the folder',
  container: 'the container',
  image: 'the image',
  secrets: 'the folder with secrets',
};

/** What stays of a reproduction, and where, if its runner ends now, and how to remove it later. */
export function remainsText(id: string): string {
  const { recipe, made, files } = readReproduction(id);
  const running = new Map<number, number>();
  for (const event of readJournal(files.journal))
    if (event.type === 'step') running.set(event.step, event.line);
    else if (event.type === 'exit') running.delete(event.step);
  const lines = [...new Set(running.values())];
  const steps =
    lines.length === 0
      ? []
      : [
          `what the step of line ${lines.join(' and ')} runs (CI_PARITY_COOKIE=${id} in its environment)`,
        ];
  const folders = made.flatMap(({ what, where }) => (what === 'machine' ? [where] : []));
  const things = made
    .filter(({ what, where }) => what !== 'worktree' || !folders.includes(where))
    .map(({ what, where }) => `${NAMES[what] ?? what} ${where}`);
  const stays = [...steps, ...things].join(', ') || 'nothing that is known';
  return `What would stay on ${placeName(recipe.on)}: ${stays}. Remove it later with: ci-parity clean`;
}
