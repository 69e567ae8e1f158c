import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from '../refusal.ts';
import { renderPage } from './page.ts';

export interface Refused {
  readonly requestId: string;
  readonly sandboxId?: string | undefined;
}

const pageFor = (req: IncomingMessage, refusal: Refusal, { requestId, sandboxId }: Refused) =>
  renderPage(refusal, { requestId, sandboxId, accept: req.headers.accept, repeatable: req.method === 'GET' || req.method === 'HEAD' });

/** Statuses after which the rest of the request body is not worth reading. */
const CLOSING = new Set([400, 408, 413, 414]);

export const refuseRequest = (req: IncomingMessage, res: ServerResponse, refusal: Refusal, facts: Refused): void => {
  if (res.headersSent || res.destroyed) return void res.destroy();
  const page = pageFor(req, refusal, facts);
  const closing = CLOSING.has(refusal.status) ? ['Connection', 'close'] : [];
  res.writeHead(page.status, [...page.headers, ...closing]);
  res.end(page.body);
};

const head = (status: number, fields: readonly string[]): string => {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return `${text}\r\n`;
};

/** The same on a connection that asked for an upgrade: answered and closed. */
export const refuseUpgrade = (req: IncomingMessage, socket: Duplex, refusal: Refusal, facts: Refused): void => {
  if (socket.destroyed) return;
  const page = pageFor(req, refusal, facts);
  socket.write(head(page.status, [...page.headers, 'Connection', 'close']), 'latin1');
  socket.end(page.body, () => socket.destroy());
};

/** On a connection whose request could not even be read. */
export const refuseSocket = (socket: Duplex, refusal: Refusal, requestId: string): void => {
  const page = renderPage(refusal, { requestId, accept: undefined, repeatable: false });
  if (!socket.writable) return void socket.destroy();
  socket.write(head(page.status, [...page.headers, 'Connection', 'close']), 'latin1');
  socket.end(page.body, () => socket.destroy());
};
