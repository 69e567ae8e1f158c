export interface ServerSentEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/**
 * Incremental parser of `text/event-stream` (WHATWG HTML §9.2.6): any line ends, any chunk borders, inside characters and inside CRLF too.
 * An event that the end of the stream cuts off is dropped, as the standard says.
 */
export class SseParser {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #event = '';
  #id: string | undefined;
  #data: string[] = [];
  #lastId: string | undefined;

  /** Where the stream is: the id of the last whole frame, also of one without data, which is no event. */
  get lastId(): string | undefined {
    return this.#lastId;
  }

  push(chunk: Uint8Array): ServerSentEvent[] {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    const events: ServerSentEvent[] = [];
    let start = 0;
    for (;;) {
      const end = lineEnd(this.#rest, start);
      if (end === undefined) break;
      const event = this.#line(this.#rest.slice(start, end.at));
      if (event !== undefined) events.push(event);
      start = end.next;
    }
    this.#rest = this.#rest.slice(start);
    return events;
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    this.#lastId = this.#id;
    const event = this.#data.length === 0 ? undefined : { event: this.#event || 'message', id: this.#id, data: this.#data.join('\n') };
    this.#event = '';
    this.#data = [];
    return event;
  }
}

/** The next `\n`, `\r\n` or `\r`. A `\r` at the very end is not yet a line end: its `\n` may come with the next chunk. */
const lineEnd = (text: string, from: number): { at: number; next: number } | undefined => {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10) return { at: i, next: i + 1 };
    if (code !== 13) continue;
    if (i + 1 === text.length) return undefined;
    return { at: i, next: text.charCodeAt(i + 1) === 10 ? i + 2 : i + 1 };
  }
  return undefined;
};
