import assert from 'node:assert/strict';
import type { Notify } from '../../../src/editor/frame/settings';
import { News } from '../../../src/editor/told/news';
import type { Run } from '../../../src/jenkins/run';
import { runWith } from '../runs/runs';

const passed = runWith({ number: 41, result: 'SUCCESS' });
const failed = runWith({ number: 42 });
const mended = runWith({ number: 43, result: 'SUCCESS' });

describe('the news of a branch', () => {
  it('is each turn that happens while it is followed', () => {
    const { hear, told } = listener();
    hear([passed]);
    hear([failed, passed]);
    hear([failed, passed]);
    hear([mended, failed, passed]);
    assert.deepEqual(told, ['main red #42', 'main green #43']);
  });

  it('is not what was so before, nor what the disk remembers', () => {
    const { hear, told, news } = listener();
    hear([passed], 'disk');
    hear([failed, passed]);
    news.begin();
    hear([mended, failed]);
    assert.deepEqual(told, []);
  });

  it('is told by one window only', () => {
    const claims = new Set<string>();
    const windows = [listener('turns', claims), listener('turns', claims)];
    for (const { hear } of windows) hear([passed]);
    for (const { hear } of windows) hear([failed, passed]);
    assert.deepEqual(windows.map(({ told }) => told.length).sort(), [0, 1]);
  });

  it('is what the person wants to be told, and no claim is laid to the rest', () => {
    const told = (wanted: Notify): string[] => {
      const claims = new Set<string>();
      const one = listener(wanted, claims);
      one.hear([passed]);
      one.hear([failed, passed]);
      one.hear([mended, failed]);
      assert.equal(claims.size, one.told.length);
      return one.told;
    };
    assert.deepEqual(told('failures'), ['main red #42']);
    assert.deepEqual(told('off'), []);
  });
});

function listener(wanted: Notify = 'turns', claims = new Set<string>()) {
  const told: string[] = [];
  const news = new News({
    wanted: () => wanted,
    claim: (key) => !claims.has(key) && claims.add(key).has(key),
    tell: (branch, { to, run }) => told.push(`${branch} ${to} #${run.number}`),
  });
  const hear = (runs: readonly Run[], from: 'server' | 'disk' = 'server'): void => {
    const heardAt = from === 'server' ? 1 : undefined;
    const job = { url: failed.jobUrl, name: 'main', how: 'branch' } as const;
    const jobs = [{ job, runs, more: true, heardAt, problem: undefined }];
    news.hear({ branch: 'main', jobs, problem: undefined });
  };
  return { hear, told, news };
}
