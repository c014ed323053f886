/**
 * Two servers with a log of 100 MB, in a process of their own; prints their addresses.
 *
 * The first is the bed's Jenkins double, which makes each answer out of the log as Jenkins does. The
 * second has its answers ready as bytes and costs next to nothing, so that nothing but the reader is
 * measured: jobs `clean`, and `raw` with CRLF and console notes.
 */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startJenkins } from '../bed/jenkins/double';

const SIZE = 100e6;
/** What Jetty hands to the network at once. */
const PIECE = 32 << 10;

interface Log {
  readonly body: Buffer;
  /** Bytes without notes and the CR of CRLF. */
  readonly clean: number;
}

const raw = makeLog(true);
const answers: Readonly<Record<string, Buffer>> = {
  clean: answer(makeLog(false).body),
  raw: answer(raw.body),
};

const server = createServer((socket) => {
  let asked = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    asked += bytes.toString('latin1');
    for (let end = asked.indexOf('\r\n\r\n'); end >= 0; end = asked.indexOf('\r\n\r\n')) {
      const path = asked.split(' ', 2)[1] ?? '/';
      asked = asked.slice(end + 4);
      socket.write(
        answers[path.split('/')[2] ?? ''] ?? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
      );
    }
  });
});
// From 2.509 on, the notes are sent as they are.
const double = await startJenkins({
  world: { jobs: [{ name: 'log', runs: [{ number: 1, result: 'SUCCESS', log: raw.body }] }] },
  version: '2.516.1',
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const told = { double: double.base, ready: `http://127.0.0.1:${port}/`, clean: raw.clean };
  console.log(JSON.stringify(told));
});

function makeLog(raw: boolean): Log {
  const newline = raw ? '\r\n' : '\n';
  const lines: string[] = [];
  let size = 0;
  let clean = 0;
  for (let count = 0; size < SIZE; count++) {
    const odd = Math.imul(count, 2_654_435_761) >>> 0;
    const text =
      count % 20 === 0
        ? '[Pipeline] sh'
        : `[2026-02-01T10:00:00.000Z]     runtime-1: ok  \tgithub.com/cilium/cilium/pkg/${odd.toString(36)}\t0.${odd % 1000}s`;
    // A note as Pipeline puts one before each line of its own.
    const note = raw && count % 20 === 0 ? `\u001b[8mha:////${base64(odd)}\u001b[0m` : '';
    lines.push(note + text + newline);
    size += note.length + text.length + newline.length;
    clean += text.length + 1;
  }
  return { body: Buffer.from(lines.join(''), 'latin1'), clean };
}

function answer(body: Buffer): Buffer {
  const head = [
    'HTTP/1.1 200 OK',
    'X-Jenkins: 2.504.3',
    'Content-Type: text/plain;charset=utf-8',
    `X-Text-Size: ${body.length}`,
    'Transfer-Encoding: chunked',
    '\r\n',
  ].join('\r\n');
  const pieces: Buffer[] = [Buffer.from(head)];
  for (let at = 0; at < body.length; at += PIECE) {
    const piece = body.subarray(at, at + PIECE);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  pieces.push(Buffer.from('0\r\n\r\n'));
  return Buffer.concat(pieces);
}

/** As long as a note of Pipeline is, some 170 characters. */
function base64(odd: number): string {
  return Buffer.from(`${odd}`.padStart(126, '\u0001\u0010sr')).toString('base64');
}
