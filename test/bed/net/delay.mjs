// Stands before a TCP server and hands everything on a while later, both ways. The kernel's netem does
// this better; this is for kernels without it. Usage: node delay.mjs LISTEN_PORT SERVER_PORT MILLISECONDS
import { connect, createServer } from 'node:net';

const [listenPort, serverPort, delay] = process.argv.slice(2).map(Number);

createServer({ noDelay: true }, (client) => {
  const server = connect({ port: serverPort, host: '127.0.0.1', noDelay: true });
  handOn(client, server);
  handOn(server, client);
}).listen(listenPort, '0.0.0.0', () => console.log('listening'));

/** At most 8 MiB are on their way at once. */
function handOn(from, to) {
  let onWay = 0;
  from.on('data', (chunk) => {
    onWay += chunk.length;
    if (onWay > 8 << 20) from.pause();
    setTimeout(() => {
      onWay -= chunk.length;
      if (onWay <= 8 << 20) from.resume();
      if (!to.destroyed) to.write(chunk);
    }, delay);
  });
  from.on('end', () => setTimeout(() => to.end(), delay));
  from.on('error', () => to.resetAndDestroy());
}

process.stdin.resume().once('end', () => process.exit());
