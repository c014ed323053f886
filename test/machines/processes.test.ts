import assert from 'node:assert/strict';
import { bornAt, isAlive } from '../../src/machines/processes';

describe('The birth of a process', () => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform');
  const zone = process.env['TZ'];
  afterEach(() => {
    if (platform) Object.defineProperty(process, 'platform', platform);
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  for (const system of ['linux', 'darwin'])
    it(`is told in the same words wherever one is, on ${system}`, () => {
      Object.defineProperty(process, 'platform', { ...platform, value: system });
      process.env['TZ'] = 'Asia/Tokyo';
      const born = bornAt(process.pid);
      assert.ok(born);
      process.env['TZ'] = 'America/New_York';
      assert.equal(bornAt(process.pid), born);
      assert.equal(isAlive(process.pid, born), true);
    });
});
