import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { never, openFar, type Far } from './far';
import { needSshd } from '../../bed/sshd';

describe('Whoever reads slowly what a far script gives', () => {
  let far: Far;

  before(needSshd);
  before(async () => {
    far = await openFar();
  });
  after(() => far[Symbol.asyncDispose]());

  it('has taken the last piece before the script is over', async () => {
    let taken = '';
    const code = await far.machine.link.run(
      () => ({
        // The last piece and the end are there before the first piece has been taken.
        script: 'echo all; sleep 0.2; echo of it',
        onOutput: async (chunk) => {
          await delay(500);
          taken += chunk.toString();
        },
        onWords: () => undefined,
      }),
      never,
    );
    assert.equal(code, 0);
    assert.equal(taken, 'all\nof it\n');
  });
});
