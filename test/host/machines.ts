import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Attachment } from '../../src/attach/ledger';
import { takeSecrets } from '../../src/base/secretChannel';
import { stateDirectory } from '../../src/base/stateDirectory';
import type { MachineNode } from '../../src/editor/machines/machineRows';
import { change, whoWeAre } from '../../src/machines/leases/ledger';
import { ownerMark } from '../../src/machines/leases/ownerMark';
import { lendersFile } from '../../src/machines/lenders/lendersFile';
import type { Recipe } from '../../src/recipe/recipe';
import { readReproduction } from '../../src/reproduce/store';
import { lendByScripts, type ScriptLender } from '../bed/scriptLender';
import {
  api,
  aroundMoat,
  failedRun,
  folder as repository,
  JENKINSFILE,
  TOKEN,
  until,
  USER,
} from './bed';
import { personIn } from './person';
import { standIns } from './standIns';

const { signal } = new AbortController();

describe('borrowed machines', function () {
  this.timeout(60_000);
  const stand = standIns();
  const { replace, hear, catchTerminals } = stand;
  const moat = aroundMoat();
  let folder: string;
  let lender: ScriptLender;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ci-parity-host-machines-'));
    lender = lendByScripts(folder);
    await vscode.commands.executeCommand('ciParity.refreshOffers');
  });
  afterEach(async () => {
    lender.break(false);
    lender.letGoOn();
    const { machines } = await api();
    const { attendant } = await machines.load();
    const { signal } = new AbortController();
    await lines();
    for (const { id } of (await machines.load()).watch.all())
      await attendant.ask('return', { lease: id }, signal);
    await until(machines.onDidChangeTreeData, async () => (await leases()).length === 0);
    lender.remove();
    await vscode.commands.executeCommand('ciParity.refreshOffers');
    rmSync(folder, { recursive: true, force: true });
  });

  async function nodes(below?: MachineNode): Promise<MachineNode[]> {
    return (await api()).machines.getChildren(below);
  }
  async function items(below?: MachineNode): Promise<vscode.TreeItem[]> {
    const { machines } = await api();
    return Promise.all((await nodes(below)).map((node) => machines.getTreeItem(node)));
  }
  async function lines(below?: MachineNode): Promise<string[]> {
    return (await items(below)).map((item) => `${labelOf(item)} | ${String(item.description)}`);
  }
  async function leases(): Promise<MachineNode[]> {
    return (await nodes()).filter(({ kind }) => kind === 'lease');
  }
  async function theLease(): Promise<MachineNode & { kind: 'lease' }> {
    const [node] = await leases();
    assert.ok(node?.kind === 'lease');
    return node;
  }

  /** Answers what is asked on the way to a machine: two hours, and yes to whatever is modal. */
  function agree(): { readonly asked: string[]; readonly told: string[] } {
    const asked: string[] = [];
    const told: string[] = [];
    replace(vscode.window, 'showQuickPick', (choices: (vscode.QuickPickItem & object)[]) => {
      const two = choices.find(({ label }) => label === '2 hours');
      asked.push(`${two?.label ?? ''}: ${two?.description ?? ''}`);
      return Promise.resolve(two);
    });
    replace(
      vscode.window,
      'showWarningMessage',
      (message: string, options: vscode.MessageOptions | string, button: string) => {
        if (typeof options === 'string' || !options.modal) {
          told.push(message);
          return Promise.resolve(undefined);
        }
        asked.push(`${message} ${options.detail ?? ''}`);
        return Promise.resolve(button);
      },
    );
    return { asked, told };
  }

  /** Writes down that a machine is an agent of a server. */
  function attached(lease: string, server: string): string {
    mkdirSync(join(stateDirectory(), 'agents'), { recursive: true });
    const attachment: Attachment = {
      ...{ version: 1, id: lease, machine: { lease }, server, name: 'metal' },
      ...{ user: USER, owner: { who: whoWeAre() }, state: 'attached' },
    };
    const file = join(stateDirectory(), 'agents', `${lease}.json`);
    writeFileSync(file, JSON.stringify(attachment));
    return file;
  }

  /** Those of a Jenkinsfile like that of the failed run. */
  async function lenses() {
    const directory = join(repository(), 'out', 'host-machines');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'Jenkinsfile'), JENKINSFILE);
    const document = await vscode.workspace.openTextDocument(join(directory, 'Jenkinsfile'));
    const { lenses: of } = await (await api()).languages.load();
    const { onDidChangeCodeLenses } = of;
    return { provideCodeLenses: of.provideCodeLenses.bind(of), onDidChangeCodeLenses, document };
  }

  async function borrow(): Promise<MachineNode & { kind: 'lease' }> {
    const { machines } = await api();
    const [offer] = await nodes({ kind: 'offers' });
    assert.equal(offer?.kind, 'offer');
    await vscode.commands.executeCommand('ciParity.borrowMachine', offer);
    // As VS Code does: it hears only of lines that it has. The view may be a moment behind.
    await until(machines.onDidChangeTreeData, async () =>
      / left, not ready /.test((await lines())[0] ?? ''),
    );
    return theLease();
  }

  it('are offered with their price, once that is unfolded', async () => {
    assert.deepEqual(await lines(), ['May Be Borrowed | undefined']);
    assert.deepEqual(await lines({ kind: 'offers' }), ['a big box | 1.50 EUR an hour · 16 GB']);
    const [item] = await items({ kind: 'offers' });
    assert.equal(item?.contextValue, 'offer.free');
    assert.match(item.accessibilityInformation?.label ?? '', /^Of boxes: a big box, 1\.50 EUR/);
  });

  it('are borrowed once the price is agreed to, shown, counted down, and given back', async () => {
    const { machines } = await api();
    const { asked, told } = agree();
    const node = await borrow();
    assert.equal(asked[0], '2 hours: up to 3.00 EUR');
    assert.match(
      asked[1] ?? '',
      /^Borrow a big box of boxes for 2 hours\? It costs up to 3\.00 EUR/,
    );
    assert.match(
      told[0] ?? '',
      /^a big box in a temp folder is yours for (2 h|1 h 59 min), but not ready: 127\.0\.0\.1 refuses/,
    );
    const [first, second] = await lines();
    assert.match(
      first ?? '',
      /^a big box in a temp folder \| 1 h 59 min left, not ready · 1\.50 EUR so far$/,
    );
    assert.equal(second, 'May Be Borrowed | undefined');
    assert.ok((await lines(node)).includes("This window's | undefined"));
    const { countdown } = await machines.load();
    assert.equal(countdown.text, '$(vm) 1 h 59 min');
    await vscode.commands.executeCommand('ciParity.machineReturn', node);
    assert.match(asked[2] ?? '', /^Give back a big box in a temp folder\? .*has cost 1\.50 EUR/s);
    await until(machines.onDidChangeTreeData, async () => (await leases()).length === 0);
    assert.deepEqual(lender.machines(), []);
    assert.equal(countdown.text, '');
  });

  it('are not borrowed when the person does not agree to the price', async () => {
    agree();
    replace(vscode.window, 'showWarningMessage', () => Promise.resolve(undefined));
    const [offer] = await nodes({ kind: 'offers' });
    await vscode.commands.executeCommand('ciParity.borrowMachine', offer);
    assert.deepEqual(lender.asked(), []);
  });

  it('show how far their borrowing is', async () => {
    const { machines } = await api();
    agree();
    lender.hold();
    const [offer] = await nodes({ kind: 'offers' });
    const borrowing = vscode.commands.executeCommand('ciParity.borrowMachine', offer);
    await lines();
    await until(machines.onDidChangeTreeData, async () =>
      (await lines()).includes('a big box | the machine is being made (40 %)'),
    );
    assert.equal((await items())[0]?.contextValue, 'lease.asked');
    lender.letGoOn();
    await borrowing;
    await until(machines.onDidChangeTreeData, async () => {
      const [item] = await items();
      return item?.contextValue === 'lease.lent.unready';
    });
  });

  it('are entered in a terminal, without a secret in its words', async () => {
    agree();
    hear('Information');
    const node = await borrow();
    const terminals = catchTerminals();
    await vscode.commands.executeCommand('ciParity.machineSsh', node);
    const [{ shellPath, shellArgs = [], env } = {}] = terminals;
    assert.equal(shellPath, process.execPath);
    assert.match(String(shellArgs[0]), /dist.cli\.js$/);
    assert.deepEqual(shellArgs.slice(1), ['ssh', node.id]);
    assert.deepEqual(env, { ELECTRON_RUN_AS_NODE: '1', CI_PARITY_HOLD: 'failed' });
  });

  it('are attached to Jenkins in a terminal, which gets the token by the channel of secrets', async () => {
    agree();
    hear('Information');
    const node = await borrow();
    const terminals = catchTerminals();
    const typed: [wrong: string, why: RegExp, right: string][] = [
      ['a|b', /no label/, 'vagrant kvm'],
      ['work', /absolute/, '/work'],
    ];
    replace(vscode.window, 'showInputBox', (options: vscode.InputBoxOptions) => {
      const [wrong, why, right] = typed.shift() ?? ['', /never/, ''];
      const refused = options.validateInput?.(wrong);
      assert.ok(typeof refused === 'string' && why.test(refused));
      assert.equal(options.validateInput?.(right), undefined);
      return Promise.resolve(right);
    });
    replace(vscode.window, 'showQuickPick', (ways: vscode.QuickPickItem[]) =>
      Promise.resolve(ways.filter(({ label }) => /^(The server connects|It works in)/.test(label))),
    );
    const errors = hear('Error');
    await vscode.commands.executeCommand('ciParity.machineAttach', node);
    assert.deepEqual(errors, []);
    const { base } = moat();
    const [{ shellArgs = [], env } = {}] = terminals;
    const words = ['attach', node.id, base, '--label', 'vagrant kvm', '--ssh', '--folder', '/work'];
    assert.deepEqual(shellArgs.slice(1), words);
    const secrets = await takeSecrets(String(env?.['CI_PARITY_SECRETS']), signal);
    const login = { kind: 'login', username: USER, password: TOKEN };
    assert.deepEqual(secrets, { [`JENKINS ${base}`]: login });
    assert.ok(!JSON.stringify(terminals).includes(TOKEN));
  });

  it('are taken off Jenkins before they are given back', async () => {
    const { machines, servers } = await api();
    agree();
    hear('Information');
    const node = await borrow();
    const { base, nodes: agents } = moat();
    const mark = { lease: node.id, owner: await ownerMark(stateDirectory(), whoWeAre()) };
    const client = await servers.client(servers.at(base));
    const wish = { name: 'metal', labels: 'vagrant', executors: 1, folder: '/work', mark };
    await (await client.doing.agents()).create(wish, signal);
    const file = attached(node.id, base);
    const warned = hear('Warning');
    agree();
    await vscode.commands.executeCommand('ciParity.machineReturn', node);
    await until(machines.onDidChangeTreeData, async () => (await leases()).length === 0);
    assert.deepEqual([agents, existsSync(file), warned], [[], false, []]);
  });

  it('carry a failed run: the recipe names the machine', async () => {
    agree();
    hear('Information');
    const node = await borrow();
    const terminals = catchTerminals();
    const { machines } = await api();
    const desk = await machines.load();
    replace(desk.commands, 'choose', () => Promise.resolve({ lease: node.id }));
    const prepared: string[] = [];
    replace(desk.commands, 'prepare', (recipe: Recipe) => {
      prepared.push(recipe.commit);
      return Promise.resolve(recipe);
    });
    await vscode.commands.executeCommand('ciParity.reproduceBorrowed', await failedRun());
    const id = String(terminals[0]?.shellArgs?.[2]);
    const { recipe } = readReproduction(id);
    assert.deepEqual(recipe.on, { lease: node.id });
    assert.deepEqual(prepared, [recipe.commit]);
    assert.equal(recipe.run?.number, 42);
  });

  it('carry a failed run that is picked in the palette, or that a lens leads to', async () => {
    agree();
    hear('Information');
    const node = await borrow();
    const terminals = catchTerminals();
    const desk = await (await api()).machines.load();
    replace(desk.commands, 'prepare', (recipe: Recipe) => Promise.resolve(recipe));
    const person = personIn(stand);
    const recipe = () => readReproduction(String(terminals.at(-1)?.shellArgs?.[2])).recipe;
    person.picks.push('moat #42', 'a big box in a temp folder');
    await vscode.commands.executeCommand('ciParity.reproduceBorrowed');
    assert.deepEqual([recipe().on, recipe().run?.number], [{ lease: node.id }, 42]);
    const { provideCodeLenses, onDidChangeCodeLenses, document } = await lenses();
    const lens = () =>
      provideCodeLenses(document).find(
        ({ command }) => command?.command === 'ciParity.reproduceBorrowed',
      );
    await until(onDidChangeCodeLenses, () => lens() !== undefined);
    person.picks.push('a big box in a temp folder');
    const [about] = (lens()?.command?.arguments ?? []) as unknown[];
    await vscode.commands.executeCommand('ciParity.reproduceBorrowed', about);
    assert.equal(terminals.length, 2);
    assert.deepEqual([recipe().on, recipe().run?.number], [{ lease: node.id }, 42]);
  });

  it('are offered above a Jenkinsfile whose run failed, as long as somebody lends', async () => {
    const { provideCodeLenses, onDidChangeCodeLenses, document } = await lenses();
    const commands = (): (string | undefined)[] =>
      provideCodeLenses(document).map(({ command }) => command?.command);
    await until(onDidChangeCodeLenses, () => commands().includes('ciParity.reproduce'));
    assert.ok(commands().includes('ciParity.reproduceBorrowed'));
    lender.remove();
    await vscode.commands.executeCommand('ciParity.refreshOffers');
    assert.ok(!commands().includes('ciParity.reproduceBorrowed'));
  });

  it('are all given back at once, after one question', async () => {
    const { machines } = await api();
    const { attendant } = await machines.load();
    const wish = { lender: 'boxes', offer: 'big', hours: 1 };
    await Promise.all([1, 2].map(() => attendant.ask('borrow', wish, signal)));
    await until(machines.onDidChangeTreeData, async () => {
      await lines();
      return (await leases()).length === 2;
    });
    const { asked } = agree();
    await vscode.commands.executeCommand('ciParity.machineReturnAll');
    await until(machines.onDidChangeTreeData, async () => (await leases()).length === 0);
    assert.deepEqual(lender.machines(), []);
    assert.equal(asked.length, 1);
    assert.match(asked[0] ?? '', /^Give back all 2 machines\?/);
    const errors = hear('Error');
    await vscode.commands.executeCommand('ciParity.machineReturnAll');
    assert.deepEqual(errors, ['Nothing is borrowed.']);
  });

  it('are kept, though the window that had them has closed', async () => {
    const { machines } = await api();
    agree();
    hear('Information');
    const node = await borrow();
    const { attendant, watch } = await machines.load();
    const [{ end } = assert.fail()] = watch.all();
    await change(stateDirectory(), node.id, ({ owner: { who }, ...lease }) => ({
      ...{ ...lease, owner: { who }, end: end - 1000, letGo: { at: Date.now(), end } },
    }));
    const context = async (): Promise<string> => String((await items())[0]?.contextValue);
    await until(machines.onDidChangeTreeData, async () => /letGo/.test(await context()));
    await vscode.commands.executeCommand('ciParity.machineKeep', node);
    await until(machines.onDidChangeTreeData, async () => !(await context()).includes('letGo'));
    const [lease] = watch.all();
    assert.ok(lease && attendant.owns(lease));
    assert.equal(lease.end, end);
  });

  it('are taken off Jenkins in a terminal, where they are agents of one', async () => {
    agree();
    hear('Information');
    const node = await borrow();
    const terminals = catchTerminals();
    const errors = hear('Error');
    await vscode.commands.executeCommand('ciParity.machineDetach', node);
    assert.deepEqual(errors, ['a big box in a temp folder is no agent of a Jenkins.']);
    const file = attached(node.id, moat().base);
    await vscode.commands.executeCommand('ciParity.machineDetach', node);
    const [{ shellArgs = [], env } = {}] = terminals;
    assert.deepEqual(shellArgs.slice(1), ['detach', node.id]);
    assert.ok(env?.['CI_PARITY_SECRETS']);
    rmSync(file);
  });

  it('are extended for the price of the whole', async () => {
    const { machines } = await api();
    const { asked } = agree();
    hear('Information');
    const node = await borrow();
    await vscode.commands.executeCommand('ciParity.machineExtend', node);
    assert.equal(asked.at(-1), '2 hours: up to 6.00 EUR');
    await until(machines.onDidChangeTreeData, async () =>
      /\| 3 h 59 min left/.test((await lines())[0] ?? ''),
    );
  });

  it('warn before their end, once, with what can be done', async () => {
    const { machines } = await api();
    agree();
    hear('Information');
    const node = await borrow();
    const warnings: string[][] = [];
    replace(vscode.window, 'showWarningMessage', (...words: string[]) => {
      warnings.push(words);
      return Promise.resolve(undefined);
    });
    const end = Date.now() + 8.5 * 60_000;
    await change(stateDirectory(), node.id, (lease) => ({ ...lease, end }));
    const desk = await machines.load();
    await until(machines.onDidChangeTreeData, () => desk.countdown.text === '$(vm) 8 min');
    assert.deepEqual(warnings, [
      ['a big box in a temp folder ends in 8 min', 'Extend…', 'Return…', 'SSH In'],
    ]);
  });

  it('that cannot be given back say why, and are given back when that is asked again', async () => {
    const { machines } = await api();
    agree();
    hear('Information');
    const node = await borrow();
    lender.break(true);
    const returning = vscode.commands.executeCommand('ciParity.machineReturn', node);
    await until(machines.onDidChangeTreeData, async () =>
      /cannot be given back yet: .*there is no way/.test((await lines())[0] ?? ''),
    );
    const [item] = await items();
    assert.equal(item?.contextValue, 'lease.returning');
    assert.equal((item.iconPath as vscode.ThemeIcon).id, 'warning');
    lender.break(false);
    await returning;
    await until(machines.onDidChangeTreeData, async () => (await leases()).length === 0);
    assert.deepEqual(lender.machines(), []);
  });

  it('show what another program has borrowed', async () => {
    const { machines } = await api();
    await lines();
    const { attendant, watch } = await machines.load();
    const { signal } = new AbortController();
    const wish = { lender: 'boxes', offer: 'big', hours: 1 };
    const { id } = await attendant.ask('borrow', wish, signal);
    await change(stateDirectory(), id, (lease) => ({ ...lease, owner: { who: lease.owner.who } }));
    await until(machines.onDidChangeTreeData, async () => {
      // As VS Code does: it hears only of lines that it has.
      await lines();
      const [node] = await leases();
      return node !== undefined && (await lines(node)).includes('Kept until its end | undefined');
    });
    assert.equal(watch.all().length, 1);
  });

  it('lead to lenders.json, which is made where there is none', async () => {
    lender.remove();
    await vscode.commands.executeCommand('ciParity.openLenders');
    const { document } = vscode.window.activeTextEditor ?? {};
    assert.equal(document?.uri.fsPath, lendersFile());
    assert.match(readFileSync(lendersFile(), 'utf8'), /"lenders": \[\]/);
    assert.deepEqual(await lines(), []);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });
});

function labelOf({ label }: vscode.TreeItem): string {
  return typeof label === 'string' ? label : (label?.label ?? '');
}
