import { build } from 'esbuild';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureHost, runMochaInHost } from '../bed/host/host';
import type { Memory } from './memoryProbe';
import { startScale } from './browsing';
import type { Figure, Row } from './measure';
import { openWorkshop } from './programs';

const MOST = 60;

/**
 * By how much the extension host of a real VS Code grows while somebody browses a large server, and
 * explains, opens and searches a log of 2 GB: the most of each step.
 */
export const memory: Figure = async (signal) => {
  await using shop = await openWorkshop();
  await using server = await startScale(signal);
  const install = await ensureHost('newest', signal);
  const extension = await withProbe(shop.folder);
  const folder = join(shop.folder, 'a folder');
  await mkdir(folder);
  const file = join(shop.folder, 'memory.json');
  const { exitCode, output } = await runMochaInHost({
    ...{ install, extensionPath: extension, testsPath: join(extension, 'probe.js'), folder },
    env: { BENCH_MEMORY: file, BENCH_SERVER: server.base },
    ...{ signal, timeoutMs: 600_000 },
  });
  if (exitCode !== 0) throw new Error(`the probe failed in the host:\n${output}`);
  const [before, ...steps] = JSON.parse(await readFile(file, 'utf8')) as [Memory, ...Memory[]];
  const rows = steps.map((step): Row => {
    const grown = (bytes: number): number => (bytes - before.resident) / 1e6;
    const ours = grown(step.peak);
    const held = (step.held - before.held) / 1e6;
    return {
      what: `the extension host grows: ${step.step}`,
      unit: 'MB',
      ours,
      target: { words: `less than ${MOST} MB`, met: ours < MOST },
      note: `${grown(step.resident).toFixed(0)} MB afterwards, of which ${held.toFixed(1)} MB are held; its thread was busy for ${(step.busy / 1000).toFixed(1)} s`,
    };
  });
  return rows;
};

/** The extension with the probe in it, through which its parts can be reached. */
async function withProbe(folder: string): Promise<string> {
  const root = join(import.meta.dirname, '..', '..');
  const extension = join(folder, 'extension');
  await mkdir(extension);
  for (const part of ['dist', 'media', 'package.json'])
    await cp(join(root, part), join(extension, part), { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, 'memoryProbe.ts')],
    outfile: join(extension, 'probe.js'),
    ...{ bundle: true, platform: 'node', format: 'cjs', external: ['vscode'], logLevel: 'warning' },
  });
  return extension;
}
