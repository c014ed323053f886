import type { QueueItem } from '../../jenkins/queue';
import type { Server } from '../frame/settings';
import { confirm } from './confirm';
import type { Open } from './doingParts';
import { tellLeft } from './following';

/** Takes what waits out of the queue, and tells what has become of it. */
export async function takeOut(
  open: Open,
  { server, item }: { readonly server: Server; readonly item: QueueItem },
): Promise<void> {
  const name = item.name ?? `item ${item.id}`;
  const lines = [
    ...(item.why === undefined ? [] : [item.why]),
    ...(item.partOf === undefined ? [] : [`Run #${item.partOf} fails without it.`]),
  ];
  const question = { message: `Take ${name} out of the queue?`, lines };
  if (!(await confirm({ server }, question, 'Take Out'))) return;
  const { client, doing } = await open(server);
  const left = await doing(`Taking ${name} out of the queue`, (signal) =>
    client.doing.cancel(item, signal),
  );
  tellLeft(name, left);
}
