import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Menu {
  readonly command: string;
  readonly when?: string;
}

interface Manifest {
  readonly activationEvents: readonly string[];
  readonly extensionKind: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      readonly supported: unknown;
      readonly restrictedConfigurations: readonly string[];
    };
  };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly enablement?: string }[];
    readonly menus: Readonly<Record<string, readonly Menu[]>>;
    readonly configuration: {
      readonly properties: Readonly<
        Record<string, { readonly scope?: string; readonly [key: string]: unknown }>
      >;
    };
    readonly viewsContainers: { readonly activitybar: readonly { readonly icon: string }[] };
    readonly viewsWelcome: readonly { readonly contents: string }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly {
        readonly description: string;
        readonly completionEvents: readonly string[];
        readonly media: { readonly image: string };
      }[];
    }[];
    readonly languageModelTools: readonly {
      readonly name: string;
      readonly when?: string;
      readonly inputSchema: { readonly type: string; readonly additionalProperties: boolean };
    }[];
  };
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const { contributes } = manifest;
const commands = contributes.commands.map(({ command }) => command);
const editor = readdirSync(join(root, 'src/editor'), { recursive: true, encoding: 'utf8' });
const source = ['extension.ts', ...editor.map((file) => `editor/${file}`)]
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
  .join('\n');
const handled = [...source.matchAll(/^\s*'(ciParity\.\w+)': /gm)].map(([, id]) => id ?? '');

describe('package.json', () => {
  it('has a handler for each command and a command for each handler', () => {
    // A lens runs it with a run, a link of a log with a place; alone they make no sense.
    const inner = ['ciParity.showRun', 'ciParity.logOpenPlace'];
    const viewState = ['ciParity.showAllJobs', 'ciParity.showChosenJobs'];
    assert.deepEqual(
      [...new Set([...handled, ...viewState])].filter((id) => !inner.includes(id)).sort(),
      [...commands].sort(),
    );
  });

  it('names only commands that there are, in menus, welcome texts and the walkthrough', () => {
    const menus = Object.values(contributes.menus).flat();
    const steps = contributes.walkthroughs.flatMap((one) => one.steps);
    const texts = [
      ...contributes.viewsWelcome.map(({ contents }) => contents),
      ...steps.flatMap(({ description, completionEvents }) => [description, ...completionEvents]),
    ];
    const links = texts.flatMap((text) =>
      [...text.matchAll(/ommand:([\w.]+)/g)].map(([, id]) => id ?? ''),
    );
    for (const { media } of steps) assert.ok(existsSync(join(root, media.image)), media.image);
    const named = [...menus.map(({ command }) => command), ...links];
    const ours = named.filter((id) => id.startsWith('ciParity.'));
    assert.deepEqual(
      ours.filter((id) => !commands.includes(id)),
      [],
    );
  });

  it('activates for views, commands, Jenkinsfiles, Vagrantfiles, links and logs, and once a window has started', () => {
    assert.deepEqual(manifest.activationEvents, [
      'onLanguage:jenkinsfile',
      'onLanguage:groovy',
      'onLanguage:ruby',
      'onUri',
      'onFileSystem:ci-parity-log',
      // In whatever folder: a borrowed machine costs, and somebody is told of their branch without having opened anything.
      'onStartupFinished',
    ]);
  });

  it('offers nothing that runs code in an untrusted workspace', () => {
    const running = ['reproduce', 'reproduceUrl', 'runStage', 'showPlan', 'again', 'enterMachine'];
    const vagrant = ['Up', 'Ssh', 'Halt', 'Destroy', 'Refresh'].map((name) => `vagrant${name}`);
    for (const name of [...running, ...vagrant]) {
      const command = contributes.commands.find((each) => each.command === `ciParity.${name}`);
      assert.match(command?.enablement ?? '', /isWorkspaceTrusted/, name);
    }
    const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    assert.equal(supported, 'limited');
    for (const name of ['keep', 'environment', 'withChanges', 'timeoutMinutes', 'libraries'])
      assert.ok(restrictedConfigurations.includes(`ciParity.${name}`), name);
  });

  it('offers no borrowing on plain Windows', () => {
    for (const name of ['borrowMachine', 'reproduceBorrowed']) {
      const command = contributes.commands.find((each) => each.command === `ciParity.${name}`);
      assert.match(command?.enablement ?? '', /!isWindows \|\| remoteName/, name);
    }
  });

  it('describes each tool that language models may call, strictly, and offers those that run code in trusted workspaces only', () => {
    const tools = contributes.languageModelTools;
    const registered = [...source.matchAll(/^\s*(ciParity_\w+): tool\(/gm)].map(([, name]) => name);
    assert.deepEqual(tools.map(({ name }) => name).sort(), registered.sort());
    for (const { name, when, inputSchema } of tools) {
      assert.deepEqual(
        [inputSchema.type, inputSchema.additionalProperties],
        ['object', false],
        name,
      );
      const runs = /plan|reproduce/.test(name);
      assert.equal(when, runs ? 'isWorkspaceTrusted' : undefined, name);
    }
  });

  it('lets no workspace say which servers are asked', () => {
    assert.equal(contributes.configuration.properties['ciParity.servers']?.scope, 'application');
  });

  it('describes every setting, and none that nobody reads', () => {
    for (const [name, property] of Object.entries(contributes.configuration.properties)) {
      assert.ok('markdownDescription' in property, name);
      assert.match(source, new RegExp(`get(<[^(]*>)?\\('${name.replace('ciParity.', '')}'`), name);
    }
  });

  it('runs where the repository is, and has its icon', () => {
    assert.deepEqual(manifest.extensionKind, ['workspace']);
    for (const { icon } of contributes.viewsContainers.activitybar)
      assert.ok(existsSync(join(root, icon)));
  });
});
