import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { offerSecrets, takeSecrets } from '../../src/base/secretChannel';

describe('The secret channel', () => {
  const { signal } = new AbortController();
  const text = (value: string) => ({ kind: 'text', text: value }) as const;

  it('gives them to one reader, once, from a place that only this user can enter', async () => {
    const offer = await offerSecrets({ canary: text('s3cret') });
    assert.equal(statSync(dirname(offer.path)).mode & 0o777, 0o700);
    assert.deepEqual(await takeSecrets(offer.path, signal), { canary: text('s3cret') });
    await assert.rejects(takeSecrets(offer.path, signal), /are gone/);
    await offer[Symbol.asyncDispose]();
    assert.equal(existsSync(dirname(offer.path)), false);
  });

  it('gives nothing once it is withdrawn', async () => {
    const offer = await offerSecrets({});
    await offer[Symbol.asyncDispose]();
    await assert.rejects(takeSecrets(offer.path, signal), /are gone/);
  });
});
