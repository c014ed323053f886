/**
 * What was posted, as RequestImpl of Stapler reads it: a part of `multipart/form-data` with a file name is
 * a file, another a field, whose text is Latin-1 unless the part names its charset (DiskFileItem).
 */
export interface Posted {
  readonly fields: URLSearchParams;
  readonly files: ReadonlyMap<string, PostedFile>;
  /** As it came, and its media type. */
  readonly raw: Buffer;
  readonly type: string;
}

export interface PostedFile {
  readonly name: string;
  readonly content: Buffer;
}

export function postedOf(type: string | undefined, body: Buffer): Posted {
  const whole = { raw: body, type: type ?? '' };
  const [, boundary] = /^multipart\/form-data; *boundary=(\S+)$/.exec(type ?? '') ?? [];
  if (boundary === undefined)
    return { fields: new URLSearchParams(body.toString('utf8')), files: new Map(), ...whole };
  const [fields, files] = [new URLSearchParams(), new Map<string, PostedFile>()];
  for (const { head, content } of partsOf(body, boundary)) {
    const name = quoted(head, 'name') ?? '';
    const fileName = quoted(head, 'filename');
    const charset = /^content-type:.*charset=utf-8/im.test(head) ? 'utf8' : 'latin1';
    if (fileName === undefined) fields.append(name, content.toString(charset));
    else files.set(name, { name: fileName.replace(/^.*[/\\]/, ''), content });
  }
  return { fields, files, ...whole };
}

function* partsOf(body: Buffer, boundary: string): Generator<{ head: string; content: Buffer }> {
  const mark = Buffer.from(`\r\n--${boundary}`);
  // The first boundary has no line before it.
  const whole = Buffer.concat([Buffer.from('\r\n'), body]);
  for (let at = whole.indexOf(mark); at >= 0;) {
    const next = whole.indexOf(mark, at + mark.length);
    if (next < 0) return;
    const part = whole.subarray(at + mark.length + 2, next);
    const end = part.indexOf('\r\n\r\n');
    // Jenkins takes the encoding of the request for names, which its filter sets to UTF-8.
    yield { head: part.subarray(0, end).toString('utf8'), content: part.subarray(end + 4) };
    at = next;
  }
}

function quoted(head: string, what: string): string | undefined {
  return new RegExp(`^content-disposition:.*[; ]${what}="([^"]*)"`, 'im').exec(head)?.[1];
}
