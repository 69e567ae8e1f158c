import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { Fault } from '@miosa/kernel';

export const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;
/** A JSON body is at most a few MiB: whoever needs longer holds a connection for nothing. */
const BODY_TIMEOUT_MS = 30_000;

const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;\s*charset="?utf-?8"?\s*)?$/i;

const tooLarge = (limitBytes: number): Fault =>
  new Fault('PAYLOAD_TOO_LARGE', `The body is larger than ${limitBytes} bytes.`, { details: { limit_bytes: limitBytes } });

const requireJson = (headers: IncomingHttpHeaders): void => {
  const type = headers['content-type'];
  if (type !== undefined && !JSON_TYPE.test(type)) {
    throw new Fault('UNSUPPORTED_MEDIA_TYPE', 'This route takes Content-Type: application/json in UTF-8.');
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new Fault('UNSUPPORTED_MEDIA_TYPE', 'Compressed bodies are not taken.');
};

/** Reads a whole body of at most `limitBytes`; at most 30 s. @throws PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT, BAD_REQUEST. */
export const readBytes = (stream: Readable, limitBytes: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      stream.off('data', onData).off('end', onEnd).off('error', onError).off('close', onError);
      settle();
    };
    const timer = setTimeout(() => finish(() => reject(new Fault('REQUEST_TIMEOUT', 'The body arrived too slowly.'))), BODY_TIMEOUT_MS);
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limitBytes) finish(() => reject(tooLarge(limitBytes)));
      else chunks.push(chunk);
    };
    const onEnd = (): void => finish(() => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
    const onError = (): void => finish(() => reject(new Fault('BAD_REQUEST', 'The body ended early.')));
    stream.on('data', onData).on('end', onEnd).on('error', onError).on('close', onError);
  });

/** Bytes of a JSON body, type and size checked. An absent body is empty. */
export const readJsonBytes = async (stream: Readable, headers: IncomingHttpHeaders, limitBytes: number): Promise<Buffer> => {
  if (Number(headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const bytes = await readBytes(stream, limitBytes);
  if (bytes.length > 0) requireJson(headers);
  return bytes;
};

// `__proto__` as a key is an own property after JSON.parse, but becomes a prototype in the first careless copy.
const refuseProto = (key: string, value: unknown): unknown => {
  if (key === '__proto__') throw new SyntaxError('forbidden key');
  return value;
};

export const parseJson = (bytes: Buffer): unknown => {
  try {
    if (!isUtf8(bytes)) throw new SyntaxError('not UTF-8');
    const text = bytes.toString();
    // A reviver costs three times the parse: only where the key can be present, plain or escaped.
    return text.includes('__proto__') || text.includes('\\u00') ? JSON.parse(text, refuseProto) : JSON.parse(text);
  } catch (error) {
    throw new Fault('BAD_REQUEST', 'The body is not valid JSON in UTF-8.', { internal: (error as Error).message });
  }
};
