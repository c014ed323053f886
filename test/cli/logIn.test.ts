import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enter, thisProcess } from '../../src/machines/leases/ledger';
import { openJournal } from '../../src/reproduce/journal';
import { createReproduction } from '../../src/reproduce/store';
import { openPty, ptyMissing, type Pty } from '../bed/pty';
import { needSshd, startSshd, type Sshd } from '../bed/sshd';
import { without } from '../bed/without';
import { recipeFor } from '../reproduce/recipes';
import { program } from './program';

describe('A live session in a terminal', function () {
  this.timeout('60s');
  const usual = process.env['XDG_STATE_HOME'];
  let root: string;
  before(function () {
    const missing = ptyMissing();
    if (missing !== undefined) without(this, missing);
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-live-'));
    process.env['XDG_STATE_HOME'] = join(root, 'state');
  });
  afterEach(() => {
    if (usual === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = usual;
    rmSync(root, { recursive: true, force: true });
  });

  const open = (words: readonly string[], more: Record<string, string> = {}): Pty =>
    openPty([...program, ...words], {
      env: { ...process.env, SHELL: '/bin/sh', ENV: '', ...more },
    });

  /** What a shell in there is asked, and has to answer, with a window that changes its size. */
  async function talk(terminal: Pty): Promise<void> {
    // What is echoed is not what is printed.
    terminal.type('echo it-"is" there; stty size\r');
    await terminal.shows(/it-is there\n24 80\n/);
    terminal.resize(50, 132);
    // The new size comes by a message of its own.
    terminal.type(
      'until [ "$(stty size)" = "50 132" ]; do sleep 0.05; done; echo "now-$(stty size)"\r',
    );
    await terminal.shows(/now-50 132\n/);
    // Ctrl-C is for what runs in there, and ends neither the shell nor us.
    // It is what the terminal's signals go to before it says so: an earlier Ctrl-C would be the shell's.
    terminal.type(`sh -c 'echo be"gun"; exec cat'\r`);
    await terminal.shows(/begun\n/);
    terminal.type('\u0003');
    // With it goes what was typed and not read yet.
    await terminal.shows(/[#$] /);
    terminal.type('echo still-"here"\r');
    await terminal.shows(/still-here\n/);
    terminal.type('exit 7\r');
  }

  describe('on a borrowed machine', () => {
    before(needSshd);

    const lend = async (host: Sshd): Promise<string> => {
      const { address, port, user, keyFile, hostKey } = host;
      const ssh = { host: address, port, user, keyFile, hostKeys: [hostKey] };
      const id = 'abcdef012345';
      const stateRoot = join(root, 'state', 'ci-parity');
      const now = Date.now();
      await enter(stateRoot, {
        version: 1,
        ...{ id, lender: 'lab', title: 'bench', handle: {}, work: [] },
        ...{ askedAt: now, end: now + 3600_000, until: now + 3600_000 },
        owner: { who: 'me@here', process: thisProcess() },
        state: { kind: 'lent', ssh },
      });
      mkdirSync(join(stateRoot, 'leases', id), { recursive: true });
      return id;
    };

    it('is typed into, follows the window’s size, and gives the shell’s exit code', async () => {
      await using host = await startSshd();
      await lend(host);
      await using terminal = open(['ssh', 'bench']);
      await talk(terminal);
      assert.equal(await terminal.ended, 7);
    });

    it('gives the exit code of a command, and of one that a signal ends', async () => {
      await using host = await startSshd();
      const id = await lend(host);
      await using terminal = open(['ssh', id, '--', 'exit', '9']);
      assert.equal(await terminal.ended, 9);
      await using killed = open(['ssh', id, '--', 'kill', '-TERM', '$$']);
      // OpenSSH has no other word for it.
      assert.equal(await killed.ended, 255);
    });

    it('ends with 255 where the machine does not answer, and says so', async function () {
      await using host = await startSshd();
      if (!host.namespace) without(this, 'nobody can be silent without a network namespace');
      const id = await lend(host);
      // As a person's configuration may have it; ssh itself waits for as long as the system does.
      const bin = join(root, 'bin');
      mkdirSync(bin);
      const impatient = `#!/bin/sh\nPATH=$\{PATH#*:} exec ssh -o ConnectTimeout=2 "$@"\n`;
      writeFileSync(join(bin, 'ssh'), impatient, { mode: 0o755 });
      await host.drop();
      await using terminal = open(['ssh', id], { PATH: `${bin}:${process.env['PATH'] ?? ''}` });
      await terminal.shows(/Connection timed out/);
      assert.equal(await terminal.ended, 255);
    });

    it('ends with 255 where another machine answers, and says so', async () => {
      await using host = await startSshd();
      const id = await lend(host);
      await host.changeHostKey();
      await using terminal = open(['ssh', id]);
      await terminal.shows(/HOST IDENTIFICATION HAS CHANGED|Host key verification failed/);
      assert.equal(await terminal.ended, 255);
    });

    it('stays open in the editor where it came to no shell, and closes after any other', async () => {
      const env = { CI_PARITY_HOLD: 'failed' };
      await using host = await startSshd();
      const id = await lend(host);
      await using terminal = open(['ssh', id], env);
      terminal.type('exit 7\r');
      assert.equal(await terminal.ended, 0);
      await using unknown = open(['ssh', 'nobody'], env);
      await unknown.shows(/Press any key/);
      unknown.type('x');
      assert.equal(await unknown.ended, 0);
      await host.changeHostKey();
      await using refused = open(['ssh', id], env);
      await refused.shows(/Host key verification failed[^]*Press any key/);
      refused.type('x');
      assert.equal(await refused.ended, 0);
    });
  });

  it('in what a reproduction has kept does the same', async () => {
    const files = createReproduction(recipeFor());
    mkdirSync(files.workspace, { recursive: true });
    using journal = openJournal(files.journal);
    const { pid, bornAt } = thisProcess();
    journal.append({ type: 'started', version: 1, pid, bornAt });
    const environment = { KEPT: 'as it was' };
    journal.append({ type: 'kept', directory: files.workspace, machines: [], environment });
    await using terminal = open(['enter', files.id]);
    terminal.type('echo "$KEPT in $PWD"\r');
    await terminal.shows(new RegExp(`as it was in ${files.workspace}\n`));
    await talk(terminal);
    assert.equal(await terminal.ended, 7);
  });
});
