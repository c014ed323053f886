import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** From the top of the house to its ground. A folder may import itself and what stands below it. */
const floors = [
  '.',
  'cli',
  'editor',
  'attach',
  'reproduce',
  'recipe',
  'machines',
  'pipeline',
  'jenkins',
  'base',
];
const strangers = ['jenkins', 'pipeline', 'machines'];

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const imports = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file): Import[] => {
    const text = readFileSync(join(src, file), 'utf8');
    return [
      ...text.matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'|\bimport\('([^']+)'\)/gm),
    ].map((match) => ({
      file,
      from: floorOf(file),
      to: match[1] ?? match[2] ?? '',
    }));
  });

function floorOf(file: string): string {
  return dirname(file).split('/')[0] ?? '.';
}

function target({ file, to }: Import): string {
  return floorOf(relative(src, resolve(src, dirname(file), to)));
}

describe('The house', () => {
  const inner = imports.filter(({ to }) => to.startsWith('.'));

  it('has only folders that the plan names', () => {
    const folders = readdirSync(src, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    assert.deepEqual(
      folders.map(({ name }) => name).filter((name) => !floors.includes(name)),
      [],
    );
  });

  it('has imports that point down only', () => {
    const up = inner.filter((one) => floors.indexOf(target(one)) < floors.indexOf(one.from));
    assert.deepEqual(up, []);
    assert.ok(inner.length > 50);
  });

  it('keeps jenkins, pipeline and machines strangers to each other', () => {
    const met = inner.filter(
      (one) =>
        strangers.includes(one.from) && strangers.includes(target(one)) && target(one) !== one.from,
    );
    assert.deepEqual(met, []);
  });

  it('lets only the editor know of vscode', () => {
    const files = imports.filter(({ to }) => to === 'vscode').map(({ file }) => file);
    assert.deepEqual(
      files.filter((file) => !file.startsWith('editor/') && file !== 'extension.ts'),
      [],
    );
  });

  it('has neither barrels nor drawers for anything', () => {
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      files.filter((file) => /(^|\/)(index|types|utils|helpers?)(\.ts|\/|$)/.test(file)),
      [],
    );
  });
});

describe('The bundles', () => {
  const meta = (name: string) => {
    const file = fileURLToPath(new URL(`../out/${name}.meta.json`, import.meta.url));
    assert.ok(existsSync(file), 'build first: node esbuild.mjs');
    return JSON.parse(readFileSync(file, 'utf8')) as {
      inputs: Record<string, unknown>;
      outputs: Record<string, { bytes: number }>;
    };
  };

  it('keep execa and ssh2 out of the extension', () => {
    const inputs = Object.keys(meta('dist-extension').inputs);
    assert.deepEqual(
      inputs.filter((input) => /node_modules\/(execa|ssh2)\//.test(input)),
      [],
    );
    assert.ok(inputs.includes('src/extension.ts'));
  });

  it('keep what reads Jenkinsfiles out of the extension, until somebody wants it', () => {
    const inputs = Object.keys(meta('dist-extension').inputs);
    assert.deepEqual(
      inputs.filter((input) => /pipeline\/parse|language\/main|recipe\/compose/.test(input)),
      [],
    );
    assert.ok(Object.keys(meta('dist-language').inputs).includes('src/pipeline/parser.ts'));
  });

  it('are all in the package', () => {
    const ignore = readFileSync(
      fileURLToPath(new URL('../.vscodeignore', import.meta.url)),
      'utf8',
    );
    assert.match(ignore, /^!dist\/\*\.js$/m);
  });

  it('keep the extension below 150 KB', () => {
    const [bytes] = Object.values(meta('dist-extension').outputs).map((output) => output.bytes);
    assert.ok(bytes !== undefined && bytes < 150_000, `${bytes} bytes`);
  });
});
