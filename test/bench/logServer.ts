/**
 * A Jenkins that knows nothing but two logs of 100 MB, run in a process of its own: `clean`, and
 * `raw` with CRLF and console notes. The answers lie ready as the bytes of a chunked answer, so the
 * server costs next to nothing and what is measured is the reader. Prints its port.
 */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

const SIZE = 100e6;
/** What Jetty hands to the network at once. */
const PIECE = 32 << 10;

interface Log {
  readonly answer: Buffer;
  readonly served: number;
  /** Bytes without notes and the CR of CRLF. */
  readonly clean: number;
}

const logs: Readonly<Record<string, Log>> = { clean: makeLog(false), raw: makeLog(true) };

const server = createServer((socket) => {
  let asked = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    asked += bytes.toString('latin1');
    for (let end = asked.indexOf('\r\n\r\n'); end >= 0; end = asked.indexOf('\r\n\r\n')) {
      const path = asked.split(' ', 2)[1] ?? '/';
      asked = asked.slice(end + 4);
      const log = logs[path.split('/')[2] ?? ''];
      if (log === undefined) socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      else if (path.endsWith('/sizes')) socket.write(sizes(log));
      else socket.write(log.answer);
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port);
});

function sizes({ served, clean }: Log): string {
  const body = JSON.stringify({ served, clean });
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function makeLog(raw: boolean): Log {
  const newline = raw ? '\r\n' : '\n';
  const lines: string[] = [];
  let served = 0;
  let clean = 0;
  for (let count = 0; served < SIZE; count++) {
    const odd = Math.imul(count, 2_654_435_761) >>> 0;
    const text =
      count % 20 === 0
        ? '[Pipeline] sh'
        : `[2026-02-01T10:00:00.000Z]     runtime-1: ok  \tgithub.com/cilium/cilium/pkg/${odd.toString(36)}\t0.${odd % 1000}s`;
    // A note as Pipeline puts one before each line of its own.
    const note = raw && count % 20 === 0 ? `\u001b[8mha:////${base64(odd)}\u001b[0m` : '';
    lines.push(note + text + newline);
    served += note.length + text.length + newline.length;
    clean += text.length + 1;
  }
  const body = Buffer.from(lines.join(''), 'latin1');
  const head = [
    'HTTP/1.1 200 OK',
    'X-Jenkins: 2.504.3',
    'Content-Type: text/plain;charset=utf-8',
    `X-Text-Size: ${body.length}`,
    'Transfer-Encoding: chunked',
    '\r\n',
  ].join('\r\n');
  const answer = [Buffer.from(head)];
  for (let at = 0; at < body.length; at += PIECE) {
    const piece = body.subarray(at, at + PIECE);
    answer.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  answer.push(Buffer.from('0\r\n\r\n'));
  return { answer: Buffer.concat(answer), served, clean };
}

/** As long as a note of Pipeline is, some 170 characters. */
function base64(odd: number): string {
  return Buffer.from(`${odd}`.padStart(126, '\u0001\u0010sr')).toString('base64');
}
