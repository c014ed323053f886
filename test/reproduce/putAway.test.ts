import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openJournal } from '../../src/reproduce/journal';
import { sweep } from '../../src/reproduce/putAway';
import { createReproduction, readReproduction } from '../../src/reproduce/store';
import { recipeFor } from './recipes';
import { openWorkshop, type Workshop } from './workshop';

describe('What a killed program left', () => {
  let shop: Workshop;
  beforeEach(() => (shop = openWorkshop()));
  afterEach(() => shop[Symbol.dispose]());

  const { signal } = new AbortController();
  const base = { PATH: '/usr/bin:/bin' };

  /** As a program leaves it that was killed in the middle of a block with secrets. */
  const killed = (made: readonly (readonly ['secrets' | 'container', string])[]) => {
    const { root } = shop;
    shop.commit({ Jenkinsfile: '' });
    const commit = shop.git('rev-parse', 'HEAD').trim();
    const files = createReproduction(
      recipeFor({ repository: { directory: shop.repository, remoteUrl: undefined }, commit }),
    );
    using journal = openJournal(files.journal);
    // No process has this number and this birth.
    journal.append({ type: 'started', version: 1, pid: 1, bornAt: 'long ago' });
    for (const [what, where] of made) {
      const path = where.replace('WS', files.workspace);
      journal.append({ type: 'intent', what, where: path });
      if (what !== 'secrets') continue;
      mkdirSync(path, { recursive: true, mode: 0o700 });
      writeFileSync(join(path, 'askpass'), 'c4nary');
    }
    return { files, root };
  };

  it('is swept: secrets, wherever they lie', async () => {
    const { files } = killed([
      ['secrets', 'WS@tmp/secretFiles/1'],
      ['secrets', join(shop.root, 'ssh-0123456789ab')],
    ]);
    const swept = await sweep(base, () => undefined, signal);
    assert.deepEqual(swept, [{ id: files.id, left: [] }]);
    assert.equal(
      existsSync(join(dirname(files.workspace), `${files.id}@tmp`, 'secretFiles', '1')),
      false,
    );
    assert.equal(existsSync(join(shop.root, 'ssh-0123456789ab')), false);
    assert.deepEqual(readReproduction(files.id).made, []);
    assert.match(readFileSync(files.journal, 'utf8'), /"gone","what":"secrets"/);
  });

  it('keeps the verdict that it had come to', async () => {
    const { files } = killed([]);
    const verdict = { kind: 'passed', sentence: 'passed', details: [], failedTests: [] } as const;
    {
      using journal = openJournal(files.journal);
      journal.append({ type: 'verdict', verdict });
    }
    await sweep(base, () => undefined, signal);
    const { status } = readReproduction(files.id);
    assert.deepEqual(status, { state: 'ended', verdict, left: [] });
  });

  it('is named where it cannot be put away: a container without its docker', async () => {
    const { files } = killed([['container', 'ci-parity-x-1']]);
    const nowhere = { PATH: '/usr/bin/nowhere' };
    const [one] = await sweep(nowhere, () => undefined, signal);
    assert.deepEqual(one?.left, ['the container ci-parity-x-1: docker does not answer']);
    assert.equal(readReproduction(files.id).made.length, 1);
  });
});
