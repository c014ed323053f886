import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal, readJournal } from '../../src/reproduce/journal';
import {
  createReproduction,
  deleteReproduction,
  listReproductions,
  readReproduction,
} from '../../src/reproduce/store';
import { bornAt } from '../../src/machines/processes';
import { recipeFor } from './recipes';

describe('The journal', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-journal-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('passes over a line that a kill tore, and goes on after it', () => {
    const file = join(root, 'events.ndjson');
    {
      using journal = openJournal(file);
      journal.append({ type: 'finishing' });
    }
    appendFileSync(file, '{"type":"ver');
    {
      using journal = openJournal(file);
      journal.append({ type: 'ended', left: [] });
    }
    assert.deepEqual(
      readJournal(file).map(({ type }) => type),
      ['finishing', 'ended'],
    );
  });

  it('tells a living owner from a dead one', () => {
    const files = createReproduction(recipeFor(), root);
    assert.equal(readReproduction(files.id, root).status.state, 'new');
    using journal = openJournal(files.journal);
    journal.append({
      type: 'started',
      version: 1,
      pid: process.pid,
      bornAt: bornAt(process.pid) ?? '',
    });
    assert.equal(readReproduction(files.id, root).status.state, 'running');
    journal.append({ type: 'intent', what: 'worktree', where: '/w' });
    // The same number, born at another time: the number was used again.
    journal.append({ type: 'started', version: 1, pid: process.pid, bornAt: 'another time' });
    const { status, made } = readReproduction(files.id, root);
    assert.equal(status.state, 'interrupted');
    assert.deepEqual(made, [{ what: 'worktree', where: '/w' }]);
    assert.throws(() => deleteReproduction(readReproduction(files.id, root)), /left things behind/);
    journal.append({ type: 'gone', what: 'worktree', where: '/w' });
    journal.append({ type: 'ended', left: [] });
    deleteReproduction(readReproduction(files.id, root));
    assert.deepEqual(listReproductions(root), []);
  });

  it('lists the newest first, and passes over what is no reproduction', async () => {
    const first = createReproduction(recipeFor(), root);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const second = createReproduction(recipeFor(), root);
    rmSync(first.recipe);
    assert.deepEqual(
      listReproductions(root).map(({ files }) => files.id),
      [second.id],
    );
  });

  it('takes no path for an id', () => {
    assert.throws(() => readReproduction('../../etc', root), /is not a reproduction's id/);
    assert.throws(() => readReproduction('unknown', root), /There is no reproduction "unknown"/);
  });
});
