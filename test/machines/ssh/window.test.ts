import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { connect } from '../../../src/machines/ssh/connection';
import { createKeyring } from '../../../src/machines/ssh/keyring';
import { widenWindow, WINDOW } from '../../../src/machines/ssh/window';
import { needSshd, startSshd } from '../../bed/sshd';
import { addressOf, never, surroundings } from './far';

describe('The window of a channel', function () {
  this.timeout(60_000);
  before(needSshd);

  /** Fails with a version of ssh2 that has it otherwise: then `window.ts` has to follow. */
  it('is wider than ssh2 makes it, and is topped up as output is taken', async () => {
    await using host = await startSshd();
    const around = await surroundings();
    using connection = await connect(addressOf(host), createKeyring(around.ask), around, never);
    const channel = await connection.channel(`head -c ${3 * WINDOW} /dev/zero`);
    const left = () => (channel as unknown as { incoming: { window: number } }).incoming.window;
    const before = left();
    const taken = widenWindow(channel);
    assert.ok(before < WINDOW);
    assert.equal(left(), WINDOW);
    let bytes = 0;
    for await (const chunk of channel as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      taken();
      assert.ok(left() > WINDOW - (1 << 20), String(left()));
    }
    assert.equal(bytes, 3 * WINDOW);
    await rm(around.stateDirectory, { recursive: true });
  });
});
