import type { ClientChannel } from 'ssh2';

/** Bytes that may be under way to us on a channel. */
export const WINDOW = 8 << 20;

/**
 * Lets more of a channel's output be under way than ssh2 does, which asks for the next megabyte when only one is
 * left: where two processes share a processor, or the way is long, the other side would wait for us. Gives what
 * is to be called when some was taken. ssh2 has no setting for it; what it has inside is looked at before it is used.
 */
export function widenWindow(channel: ClientChannel): () => void {
  const inside: unknown = channel;
  if (!hasWindow(inside)) return () => undefined;
  const { incoming, outgoing, _client: client } = inside;
  const widen = (): void => {
    const more = WINDOW - incoming.window;
    if (more < 1 << 20 || outgoing.state === 'closed') return;
    incoming.window += more;
    client._protocol.channelWindowAdjust(outgoing.id, more);
  };
  widen();
  return widen;
}

interface WithWindow {
  readonly incoming: { window: number };
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _client: {
    readonly _protocol: { channelWindowAdjust(id: number, bytes: number): void };
  };
}

function hasWindow(channel: unknown): channel is WithWindow {
  const { incoming, outgoing, _client } = channel as {
    readonly [Key in keyof WithWindow]?: Partial<WithWindow[Key]>;
  };
  return (
    typeof incoming?.window === 'number' &&
    typeof outgoing?.id === 'number' &&
    typeof _client?._protocol?.channelWindowAdjust === 'function'
  );
}
