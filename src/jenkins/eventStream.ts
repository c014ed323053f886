/** One event of a stream of server-sent events. */
export interface StreamedEvent {
  /** `message` where the stream does not name it. */
  readonly name: string;
  /** Empty where the stream has none: the gateway's `reload` is only a name. */
  readonly data: string;
}

/** Characters of an event with the names of its fields. */
const LONGEST = 64 * 1024;

/**
 * Reads a stream of server-sent events as its bytes come, cut anywhere; the format is that of the HTML
 * Standard, 9.2.6. An event of more than `longest` characters is left out, and no more of it than that
 * is held. Ids, and what the stream says of reconnecting, are passed over.
 */
export function eventReader(longest = LONGEST): (bytes: Uint8Array) => StreamedEvent[] {
  const decoder = new TextDecoder();
  let afterReturn = false;
  let line = '';
  /** Characters of the line, with those that were not kept, and of the event's lines before it. */
  let [lineSize, size] = [0, 0];
  let name = '';
  let data: string[] = [];

  function add(piece: string): void {
    lineSize += piece.length;
    line += piece.slice(0, Math.max(0, longest - size - line.length));
  }

  function endLine(): StreamedEvent | undefined {
    const [whole, length] = [line, lineSize];
    [line, lineSize] = ['', 0];
    if (length === 0) return endEvent();
    // A comment: it keeps a quiet connection alive, however often.
    if (whole.startsWith(':')) return undefined;
    size += length;
    if (size <= longest) note(whole);
    return undefined;
  }

  function note(field: string): void {
    const colon = field.indexOf(':');
    const key = colon < 0 ? field : field.slice(0, colon);
    const value = colon < 0 ? '' : field.slice(colon + 1).replace(/^ /, '');
    if (key === 'event') name = value;
    if (key === 'data') data.push(value);
  }

  function endEvent(): StreamedEvent | undefined {
    const isThere = size <= longest && (name !== '' || data.length > 0);
    const event = { name: name === '' ? 'message' : name, data: data.join('\n') };
    [size, name, data] = [0, '', []];
    return isThere ? event : undefined;
  }

  return (bytes) => {
    const events: StreamedEvent[] = [];
    for (const piece of decoder.decode(bytes, { stream: true }).split(/(\r\n|\r|\n)/)) {
      // The two halves of a line's end may come apart.
      const isRest = piece === '\n' && afterReturn;
      if (piece !== '') afterReturn = piece === '\r';
      if (!/^[\r\n]/.test(piece)) add(piece);
      else if (!isRest) {
        const event = endLine();
        if (event) events.push(event);
      }
    }
    return events;
  };
}
