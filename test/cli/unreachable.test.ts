/** What a person reads first of a server that cannot be reached: the reason; advice comes after it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { networkFailure } from '../../src/jenkins/wire/networkFailures';
import { openWorkshop, type Workshop } from '../reproduce/workshop';
import { program } from './program';

describe('A server that cannot be reached', function () {
  this.timeout('1m');
  let shop: Workshop;
  beforeEach(() => (shop = openWorkshop()));
  afterEach(() => shop[Symbol.dispose]());

  it('is told with the reason first, and advice after it, by each command', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const base = `http://127.0.0.1:${port}/`;
    shop.commit({ Jenkinsfile: "node { sh 'true' }\n" });
    for (const command of ['runs', 'failures', 'explain', 'plan', 'reproduce']) {
      const [node, ...words] = [...program, command, `${base}job/x/1/`];
      const env = { ...process.env, NO_COLOR: '1', NO_PROXY: '*' };
      const printed = await new Promise<string>((resolve) =>
        execFile(node, words, { cwd: shop.repository, env }, (_error, out, err) =>
          resolve(out + err),
        ),
      );
      const [first, advice, ...more] = printed.trimEnd().split('\n');
      assert.equal(first, `ci-parity: Cannot reach ${base}: connection refused.`, command);
      assert.match(advice ?? '', /^ci-parity: Check the address/, command);
      assert.deepEqual(more, [], command);
    }
  });

  const base = 'https://ci.example.org/';
  for (const [code, words] of [
    ['ECONNREFUSED', 'connection refused.'],
    ['ENOTFOUND', 'no host has the name ci.example.org.'],
    ['EAI_AGAIN', 'the name ci.example.org cannot be resolved at the moment.'],
    ['ETIMEDOUT', 'no answer in time.'],
    ['EHOSTUNREACH', 'there is no route to it.'],
    ['ECONNRESET', 'it closed the connection without an answer.'],
    ['EPROTO', 'no secure connection (EPROTO).'],
    ['EOTHER', 'network error EOTHER.'],
  ] as const)
    it(`has its reason in plain words: ${code}`, () => {
      const error = networkFailure(Object.assign(new Error('connect'), { code }), base);
      assert.equal(error.message, `Cannot reach ${base}: ${words}`);
      assert.notEqual(error.advice ?? '', '');
    });
});
