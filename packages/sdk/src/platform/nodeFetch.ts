import { lookup as systemLookup } from 'node:dns';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Fetch, FetchInit, FetchResponse, Payload } from '../fetch.ts';

/** RFC 6761 §6.3: `localhost` and every name below it mean loopback. glibc's resolver does not know the names below it. */
export const lookup: LookupFunction = (hostname, options, callback) => {
  if (!/(^|\.)localhost\.?$/i.test(hostname)) {
    systemLookup(hostname, options, callback);
    return;
  }
  if (options.all === true)
    callback(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  else if (options.family === 6 || options.family === 'IPv6') callback(null, '::1', 6);
  else callback(null, '127.0.0.1', 4);
};

const collect = async (message: IncomingMessage): Promise<Buffer<ArrayBuffer>> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
};

/** Reads small bodies straight from the socket: a web stream per response would cost more than the request itself. */
const responseOf = (message: IncomingMessage): FetchResponse => ({
  status: message.statusCode ?? 0,
  headers: {
    get: (name) => {
      const value = message.headers[name.toLowerCase()];
      return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
    },
  },
  get body() {
    return Readable.toWeb(message) as ReadableStream<Uint8Array>;
  },
  text: async () => (await collect(message)).toString('utf8'),
  arrayBuffer: async () => {
    const bytes = await collect(message);
    // Small ones lie in a buffer that others share.
    if (bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer;
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  },
});

const send = (request: ClientRequest, body: Payload | undefined): void => {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) request.end(body);
  // A server may answer (413, 507) before it has read everything: then the write side fails, and the answer is what counts.
  else
    pipeline(Readable.fromWeb((body instanceof Blob ? body.stream() : body) as never), request).catch((error: Error) =>
      request.destroy(error),
    );
};

const headersOf = (init: FetchInit): Record<string, string> => {
  const { body } = init;
  if (typeof body === 'string') return { ...init.headers, 'content-length': String(Buffer.byteLength(body)) };
  if (body instanceof Uint8Array) return { ...init.headers, 'content-length': String(body.byteLength) };
  if (body instanceof Blob) return { ...init.headers, 'content-length': String(body.size) };
  return { ...init.headers };
};

/**
 * A small `fetch` over `node:http(s)` with kept-alive connections, for Node only.
 * It resolves `*.localhost` to loopback and, with `ca` (PEM), trusts that authority alone. Redirects are not followed.
 */
export const createFetch = (options: { readonly ca?: string } = {}): Fetch => {
  const shared = { keepAlive: true, lookup, noDelay: true };
  const http = new HttpAgent(shared);
  const https = new HttpsAgent(options.ca === undefined ? shared : { ...shared, ca: options.ca });
  return (url, init) =>
    new Promise((resolve, reject) => {
      const settings = { method: init.method, headers: headersOf(init), ...(init.signal === undefined ? {} : { signal: init.signal }) };
      const secure = url.startsWith('https:');
      const request = secure ? httpsRequest(url, { ...settings, agent: https }) : httpRequest(url, { ...settings, agent: http });
      request.once('response', (message) => resolve(responseOf(message)));
      request.on('error', reject);
      send(request, init.body);
    });
};
