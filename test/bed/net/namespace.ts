/** Network namespaces with an address of their own, whose wires can be cut, silenced and made slow. */
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Namespace extends AsyncDisposable {
  readonly name: string;
  /** Its own address; only whoever holds the other end of its wire reaches it. */
  readonly address: string;
  /** The address of the other end: this machine, or the namespace that it stands behind. */
  readonly gateway: string;
  /** What runs `command` in it. */
  entered(command: readonly string[]): string[];
  /** Resets every connection to the server at `port`; resolves with how many there were. */
  cut(port: number): Promise<number>;
  /** Nothing comes through any more, and nobody is told. */
  drop(): Promise<void>;
  /** Ends `drop` and `slow`. */
  heal(): Promise<void>;
  /** Where the kernel has no netem, only new connections to the server at `port` are delayed. */
  slow(wire: SlowWire, port: number): Promise<void>;
}

export interface SlowWire {
  /** Each way. */
  readonly delayMs?: number;
  /** Megabits a second, each way. */
  readonly mbit?: number;
}

/** Why none can be had here; undefined where they can. */
export async function namespacesMissing(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces want root';
  const probe = nameOf(randomBytes(3).toString('hex'));
  const tools = 'iptables -A INPUT -j DROP && ss -tn >/dev/null && tc qdisc show >/dev/null';
  try {
    await run(['ip', 'netns', 'add', probe]);
    try {
      await run(['ip', 'netns', 'exec', probe, 'unshare', '-mp', '--fork', 'sh', '-c', tools]);
    } finally {
      await run(['ip', 'netns', 'del', probe]);
    }
    return undefined;
  } catch (error) {
    return `network namespaces: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** `behind` another one, it is reached from there only. */
export async function createNamespace(behind?: Namespace): Promise<Namespace> {
  await sweepDead();
  const mark = randomBytes(3).toString('hex');
  const name = nameOf(mark);
  const [outer, inner] = [`cb${mark}o`, `cb${mark}i`];
  const net = await freeNet();
  const [gateway, address] = [`${net}.1`, `${net}.2`];
  const near = (...command: readonly string[]): string[] =>
    behind?.entered(command) ?? [...command];
  const within = (...command: readonly string[]): string[] => [
    ...['ip', 'netns', 'exec', name],
    ...command,
  ];
  const remove = async (): Promise<void> => {
    // The kernel takes the link of a removed namespace away later. One that was never added cannot be removed.
    await run(near('ip', 'link', 'del', outer)).catch(() => undefined);
    await run(['ip', 'netns', 'del', name]);
  };

  await run(['ip', 'netns', 'add', name]);
  try {
    await run(['ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name]);
    if (behind) await run(['ip', 'link', 'set', outer, 'netns', behind.name]);
    await run(near('ip', 'addr', 'add', `${gateway}/30`, 'dev', outer));
    await run(near('ip', 'link', 'set', outer, 'up'));
    await run(within('ip', 'link', 'set', 'lo', 'up'));
    await run(within('ip', 'addr', 'add', `${address}/30`, 'dev', inner));
    await run(within('ip', 'link', 'set', inner, 'up'));
    await run(within('ip', 'route', 'add', 'default', 'via', gateway));
  } catch (error) {
    await remove();
    throw error;
  }

  let relay: ChildProcess | undefined;
  const iptables = (line: string): Promise<void> =>
    run(within('iptables', '-w', ...line.split(' ')));
  const fast = async (): Promise<void> => {
    // There is nothing to take away where it was not slow.
    await run(near('tc', 'qdisc', 'del', 'dev', outer, 'root')).catch(() => undefined);
    await run(within('tc', 'qdisc', 'del', 'dev', inner, 'root')).catch(() => undefined);
    if (!relay) return;
    await iptables('-t nat -F');
    relay.kill('SIGKILL');
    relay = undefined;
  };
  const discipline = async (...words: readonly string[]): Promise<void> => {
    await run(near('tc', 'qdisc', 'replace', 'dev', outer, 'root', ...words));
    await run(within('tc', 'qdisc', 'replace', 'dev', inner, 'root', ...words));
  };

  return {
    name,
    address,
    gateway,
    entered: (command) => within(...command),
    cut: async (port) => {
      const [program = '', ...args] = within('ss', '-KHtn', 'sport', '=', `:${port}`);
      const { stdout } = await execa(program, args);
      return stdout.split('\n').filter((line) => line.trim() !== '').length;
    },
    drop: async () => {
      await iptables(`-I INPUT -i ${inner} -j DROP`);
      await iptables(`-I OUTPUT -o ${inner} -j DROP`);
    },
    heal: async () => {
      await iptables('-F');
      await fast();
    },
    slow: async ({ delayMs = 0, mbit }, port) => {
      await fast();
      const rate = mbit === undefined ? [] : ['rate', `${mbit}mbit`];
      if (delayMs > 0)
        try {
          await discipline('netem', 'delay', `${delayMs}ms`, ...rate);
          return;
        } catch {
          relay = await startRelay(within, port, delayMs);
          await iptables(
            `-t nat -A PREROUTING -p tcp --dport ${port} -j REDIRECT --to-ports ${RELAY}`,
          );
        }
      if (mbit !== undefined) await discipline('tbf', ...rate, 'burst', '32kb', 'latency', '400ms');
    },
    [Symbol.asyncDispose]: async () => {
      relay?.kill('SIGKILL');
      await remove();
    },
  };
}

const RELAY = 2022;

async function startRelay(
  within: (...command: readonly string[]) => string[],
  port: number,
  delayMs: number,
): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('delay.mjs', import.meta.url));
  const numbers = [RELAY, port, delayMs].map(String);
  const [program = '', ...args] = within(process.execPath, script, ...numbers);
  // Its standard input is ours: it ends with us.
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

/** The owner's number is in the name, so that what a killed test left is known. */
function nameOf(mark: string): string {
  return `ci-bed-${process.pid}-${mark}`;
}

async function sweepDead(): Promise<void> {
  const { stdout } = await execa('ip', ['netns', 'list']);
  for (const [name, owner] of stdout.matchAll(/^ci-bed-(\d+)-\w+/gm))
    if (!existsSync(`/proc/${owner}`))
      // Another test may be quicker.
      await run(['ip', 'netns', 'del', name]).catch(() => undefined);
}

/** The first three numbers of a net of our own: one that neither this machine nor its routes know. */
async function freeNet(): Promise<string> {
  const { stdout: addresses } = await execa('ip', ['-4', '-o', 'addr']);
  const { stdout: routes } = await execa('ip', ['-4', 'route']);
  for (;;) {
    const net = `10.${randomInt(180, 250)}.${randomInt(256)}`;
    if (!`${addresses} ${routes}`.includes(` ${net}.`)) return net;
  }
}

async function run([program = '', ...args]: readonly string[]): Promise<void> {
  await execa(program, args, { stdin: 'ignore' });
}
