import type { ServerResponse } from 'node:http';

export type FaultKind =
  | 'html'
  | 'truncated'
  | 'huge'
  | 'slow'
  | '401'
  | '403'
  | '404'
  | '500'
  | 'login-redirect'
  | 'redirect'
  | 'reset';
export function misbehave(response: ServerResponse, kind: FaultKind): void {
  switch (kind) {
    case 'html':
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.end('<html><body>It works!</body></html>');
      break;
    case 'truncated':
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 });
      response.write('{"jobs":[', () => response.destroy());
      break;
    case 'huge':
      endless(response);
      break;
    case 'slow':
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('{');
      break;
    case '401':
    case '403':
    case '404':
    case '500':
      response.writeHead(Number(kind), { 'Content-Type': 'text/html' });
      response.end('<html><body>Oops!</body></html>');
      break;
    case 'login-redirect':
      response.writeHead(302, { Location: '/login?from=%2F' });
      response.end();
      break;
    case 'redirect':
      response.writeHead(302, { Location: 'https://elsewhere.example/jenkins/' });
      response.end();
      break;
    case 'reset':
      response.socket?.resetAndDestroy();
  }
}

export function endless(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const piece = Buffer.alloc(1024 * 1024, ' ');
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}
