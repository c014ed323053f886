import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure, Row } from './measure';

/** How large the bundles are: what VS Code has to read, and what the command line has. */
export const size: Figure = () => {
  const dist = join(import.meta.dirname, '..', '..', 'dist');
  const rows = readdirSync(dist)
    .filter((file) => file.endsWith('.js'))
    .sort()
    .map((file): Row => {
      const kilobytes = statSync(join(dist, file)).size / 1000;
      return {
        what: `dist/${file}`,
        unit: 'KB',
        ours: kilobytes,
        ...(file === 'extension.js' && {
          target: { words: 'under 150 KB', met: kilobytes < 150 },
        }),
      };
    });
  return Promise.resolve(rows);
};
