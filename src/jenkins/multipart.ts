import { randomUUID } from 'node:crypto';
import type { Posted } from './http';

/** A file that is sent with a form. */
export interface Upload {
  readonly fileName: string;
  readonly content: Buffer;
}

/** Bytes that a file may have at most: it is in memory while it is sent. */
export const MOST_UPLOADED = 64_000_000;

/** Fields, and files among them, as `multipart/form-data`. */
export function multipart(form: Readonly<Record<string, string | Upload>>): Posted {
  const boundary = `----ci-parity-${randomUUID()}`;
  const parts = Object.entries(form).flatMap(([name, value]) => {
    const field = `form-data; name="${quoted(name)}"`;
    // Jenkins reads a text without a charset of its own as Latin-1 (DiskFileItem of commons-fileupload).
    const [disposition, type, content] =
      typeof value === 'string'
        ? [field, 'text/plain; charset=UTF-8', Buffer.from(value)]
        : [
            `${field}; filename="${quoted(value.fileName)}"`,
            'application/octet-stream',
            value.content,
          ];
    const head = `--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n`;
    return [Buffer.from(head), content, Buffer.from('\r\n')];
  });
  const body = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
  const headers = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': body.length,
  };
  return { body, headers };
}

/** As browsers write names in these headers. */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
