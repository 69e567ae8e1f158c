/** What follows the head: a number of bytes, chunks, everything until the connection ends, or nothing. */
export type Framing = number | 'chunked' | 'close';

export interface AnswerHead {
  readonly status: number;
  /** Name, value, name, value, … as they were sent. */
  readonly rawHeaders: string[];
  readonly framing: Framing;
  /** How long the connection may be kept for another request; 0: not at all. Milliseconds. */
  readonly keepMs: number;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
/** As Node's own pool: an app that closes idle connections after N seconds is believed, with a second to spare. */
const MARGIN_MS = 1_000;

interface Facts {
  length: string | null;
  coding: string | null;
  connection: string;
  keepAlive: string;
}

/** Null when two lengths differ, or a field that decides on the end of the message comes in two ways (RFC 9112 §6.3). */
const note = (facts: Facts, name: string, value: string): boolean => {
  switch (name.length) {
    case 10:
      if (/^connection$/i.test(name)) facts.connection += `,${value.toLowerCase()}`;
      else if (/^keep-alive$/i.test(name)) facts.keepAlive = value;
      return true;
    case 14:
      if (!/^content-length$/i.test(name)) return true;
      if (!/^[0-9]{1,15}$/.test(value) || (facts.length !== null && facts.length !== value)) return false;
      facts.length = value;
      return true;
    case 17:
      if (!/^transfer-encoding$/i.test(name)) return true;
      if (facts.coding !== null || value.toLowerCase() !== 'chunked') return false;
      facts.coding = value;
      return true;
    default:
      return true;
  }
};

const keepFor = (minor: string, facts: Facts, idleMs: number): number => {
  if (minor === '0' || /(?:^|,)[ \t]*close[ \t]*(?:,|$)/.test(facts.connection)) return 0;
  const seconds = facts.keepAlive === '' ? undefined : /(?:^|[ ,;])timeout=([0-9]{1,6})/i.exec(facts.keepAlive)?.[1];
  return seconds === undefined ? idleMs : Math.max(0, Math.min(idleMs, Number(seconds) * 1000 - MARGIN_MS));
};

/**
 * Reads the head of an answer (without the empty line that ends it) to a request by `method`. Null for anything not exactly as RFC 9112 has
 * it: bare line feeds, folded lines, control characters, two lengths, a length beside a coding. Apps are not trusted with the framing of
 * connections that serve other visitors too.
 */
export const readHead = (text: string, method: string, idleMs: number): AnswerHead | null => {
  const lines = text.split('\r\n');
  const [, minor, code] = STATUS_LINE.exec(lines[0] ?? '') ?? [];
  if (minor === undefined || code === undefined) return null;
  const rawHeaders: string[] = [];
  const facts: Facts = { length: null, coding: null, connection: '', keepAlive: '' };
  for (let i = 1; i < lines.length; i++) {
    const [, name, padded] = FIELD_LINE.exec(lines[i] ?? '') ?? [];
    if (name === undefined || padded === undefined) return null;
    const value = padded.trimEnd();
    if (!note(facts, name, value)) return null;
    rawHeaders.push(name, value);
  }
  if (facts.coding !== null && (facts.length !== null || minor === '0')) return null;
  const status = Number(code);
  const isBare = method === 'HEAD' || status === 204 || status === 304 || status < 200;
  const framing = isBare ? 0 : facts.coding !== null ? 'chunked' : facts.length !== null ? Number(facts.length) : 'close';
  return { status, rawHeaders, framing, keepMs: framing === 'close' ? 0 : keepFor(minor, facts, idleMs) };
};
