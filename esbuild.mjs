// Builds the programs, and with `--tests` also the suite that runs inside VS Code's extension
// host. `--watch` builds again whenever a file changes. The metafiles say what each bundle holds;
// test/architecture.test.ts reads them.
import { context } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

const watch = process.argv.includes('--watch');
const tests = process.argv.includes('--tests');

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  platform: 'node',
  // VS Code 1.99's extension host is Node 20.
  target: 'node20',
  format: 'cjs',
  minify: !watch,
  sourcemap: false,
  metafile: true,
  logLevel: 'warning',
};

/** Every `import * as vscode` would copy the whole API for itself; through this module it is done once. */
const vscodeOnce = {
  name: 'vscode-once',
  setup(build) {
    build.onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === 'vscode-once'
        ? { path: 'vscode', external: true }
        : { path: 'vscode', namespace: 'vscode-once' },
    );
    build.onLoad({ filter: /./, namespace: 'vscode-once' }, () => ({
      contents: "export * from 'vscode';",
    }));
  },
};

/**
 * What the extension loads only when it is wanted, by `import()`: what is shown in documents, with the
 * first of them, what reads Jenkinsfiles for a recipe, what looks into a run, what tells why it failed,
 * what shows tests in the Test Explorer, what has large logs read elsewhere, what finds jobs and lets the
 * person pick a run, what saves artifacts, what asks for credentials, what tells of the branch, what
 * changes something on a server, what asks about servers, what listens to them, what borrows machines,
 * what tells why one cannot be asked, and what language models call. It holds only the way to them.
 */
const apart = {
  'src/editor/runs/findJob.ts': 'findJob',
  'src/editor/runs/pickRun.ts': 'pickRun',
  'src/editor/runs/saveArtifact.ts': 'saveArtifact',
  'src/editor/doing/main.ts': 'doing',
  'src/editor/language/main.ts': 'language',
  'src/editor/logs/elsewhere.ts': 'elsewhere',
  'src/editor/logs/main.ts': 'logs',
  'src/editor/logs/stageEnvironment.ts': 'stageEnvironment',
  'src/editor/machines/main.ts': 'machines',
  'src/editor/reproductions/askCredential.ts': 'askCredential',
  'src/editor/reproductions/recipes.ts': 'recipes',
  'src/editor/servers/main.ts': 'servers',
  'src/editor/tests/main.ts': 'tests',
  'src/editor/told/main.ts': 'told',
  'src/editor/tools/main.ts': 'tools',
  'src/jenkins/deeds.ts': 'deeds',
  'src/jenkins/events.ts': 'events',
  'src/jenkins/failure.ts': 'failure',
  'src/jenkins/insideRun.ts': 'insideRun',
  'src/jenkins/wire/explain.ts': 'explain',
};
const loadedLater = {
  name: 'loaded-later',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, ({ path, kind, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const file = relative(import.meta.dirname, resolve(resolveDir, `${path}.ts`));
      const bundle = apart[file.replaceAll('\\', '/')];
      return bundle === undefined ? undefined : { path: `./${bundle}.js`, external: true };
    });
  },
};

const programs = [
  {
    ...common,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.js',
    plugins: [vscodeOnce, loadedLater],
  },
  ...Object.entries(apart).map(([file, bundle]) => ({
    ...common,
    entryPoints: [file],
    outfile: `dist/${bundle}.js`,
    plugins: [vscodeOnce, loadedLater],
  })),
  // Reads large logs, in a process of its own.
  { ...common, entryPoints: ['src/editor/logs/reader.ts'], outfile: 'dist/reader.js' },
  {
    ...common,
    entryPoints: ['src/cli.ts'],
    outfile: 'dist/cli.js',
    // Native parts, which ssh2 tries and does without.
    external: ['cpu-features', '*.node'],
    // execa asks where its own module lies, which a CommonJS bundle only knows by `__filename`.
    define: { 'import.meta.url': 'bundleUrl' },
    banner: {
      js: "#!/usr/bin/env node\nconst bundleUrl = require('node:url').pathToFileURL(__filename).href;",
    },
  },
];
if (tests)
  programs.push({
    ...common,
    entryPoints: ['test/host/index.ts'],
    outfile: 'out/test/host/index.js',
    external: ['vscode', 'mocha'],
    minify: false,
  });

mkdirSync('out', { recursive: true });
for (const program of programs) {
  const build = await context(program);
  if (watch) {
    await build.watch();
    continue;
  }
  const { metafile } = await build.rebuild();
  await build.dispose();
  const name = program.outfile.replaceAll('/', '-').replace(/\.js$/, '');
  writeFileSync(`out/${name}.meta.json`, JSON.stringify(metafile));
}
