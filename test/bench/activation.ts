import { createVSIX } from '@vscode/vsce';
import { build } from 'esbuild';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureHost, runMochaInHost } from '../bed/host/host';
import type { ActivationTimes } from './activationProbe';
import { median, medianOfRounds, type Figure } from './measure';
import { openWorkshop } from './programs';

const HOSTS = 6;
const EMPTY = 'ci-parity-bench.empty';

/**
 * How long `activate()` takes in a real VS Code, with the loading of the module, against an
 * extension whose `activate` is empty, in the same extension host. Once an extension is active it
 * stays so; hence each round is a fresh VS Code, in which one and then the other goes first.
 */
export const activation: Figure = async (signal) => {
  await using shop = await openWorkshop();
  const install = await ensureHost('newest', signal);
  const { id, vsix } = await packaged(shop.folder);
  const empty = await emptyExtension(shop.folder);
  const folder = join(shop.folder, 'a folder');
  await mkdir(folder);
  await writeFile(join(folder, 'Jenkinsfile'), "node {\n  sh 'make'\n}\n");

  const ours: number[] = [];
  const reference: number[] = [];
  for (let round = 0; round < HOSTS; round++) {
    const file = join(shop.folder, `times-${round}.json`);
    const order = round % 2 === 0 ? [EMPTY, id] : [id, EMPTY];
    // Ours is installed as a user has it; the empty one carries the probe.
    const host = {
      ...{ install, extensionPath: empty, testsPath: join(empty, 'probe.js'), folder, vsix },
      env: { BENCH_TIMES: file, BENCH_ORDER: order.join(' ') },
      ...{ signal, timeoutMs: 120_000 },
    };
    const { exitCode, output } = await runMochaInHost(host);
    if (exitCode !== 0) throw new Error(`the probe failed in the host:\n${output}`);
    const times = JSON.parse(await readFile(file, 'utf8')) as ActivationTimes;
    ours.push(times[id] ?? Number.NaN);
    reference.push(times[EMPTY] ?? Number.NaN);
  }
  const compared = medianOfRounds('difference', ours, reference);
  return [
    {
      what: `activation, VS Code ${install.version}`,
      unit: 'ms',
      ours: median(ours),
      reference: { name: 'an empty extension', value: median(reference) },
      compared,
      target: { words: 'at most + 15 ms', met: compared.value <= 15 },
      samples: { ours, empty: reference },
    },
  ];
};

/** The extension as it is built, without what would build it anew. */
async function packaged(folder: string): Promise<{ id: string; vsix: string }> {
  const root = join(import.meta.dirname, '..', '..');
  const stage = join(folder, 'ours');
  await mkdir(stage);
  for (const part of ['dist', 'media', 'LICENSE'])
    await cp(join(root, part), join(stage, part), { recursive: true });
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    publisher: string;
    name: string;
    scripts: unknown;
  };
  // By itself it would be active before the probe can look.
  const probed = { ...manifest, scripts: {}, activationEvents: ['onCommand:nobody.calls.it'] };
  await writeFile(join(stage, 'package.json'), JSON.stringify(probed));
  await writeFile(join(stage, 'README.md'), 'CI Parity, packaged to be measured.\n');
  const vsix = join(folder, 'ours.vsix');
  const packaging = { allowMissingRepository: true, skipLicense: true, dependencies: false };
  await createVSIX({ cwd: stage, packagePath: vsix, ...packaging });
  return { id: `${manifest.publisher}.${manifest.name}`, vsix };
}

async function emptyExtension(folder: string): Promise<string> {
  const path = join(folder, 'empty');
  await mkdir(path);
  const [publisher, name] = EMPTY.split('.');
  await writeFile(
    join(path, 'package.json'),
    JSON.stringify({
      ...{ publisher, name, version: '0.0.1', engines: { vscode: '^1.99.0' } },
      ...{ main: './main.js', activationEvents: ['onCommand:nobody.calls.it'] },
    }),
  );
  await writeFile(join(path, 'main.js'), 'exports.activate = () => undefined;\n');
  await build({
    entryPoints: [join(import.meta.dirname, 'activationProbe.ts')],
    outfile: join(path, 'probe.js'),
    ...{ bundle: true, platform: 'node', format: 'cjs', external: ['vscode'], logLevel: 'warning' },
  });
  return path;
}
