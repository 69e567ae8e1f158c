import type { IncomingHttpHeaders } from 'node:http';
import type { Actor } from '@miosa/kernel';
import type { ServerOptions } from './options.ts';
import type { Route } from './route.ts';

interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  readonly query: unknown;
}

/**
 * A page's `EventSource` and `WebSocket` send no header, so these, and nothing else, take a ticket in the address (contract 1.9, 1.10). A header
 * goes before it.
 */
const ticketIn = ({ method, response }: Route, { headers, query }: Asked): string | null => {
  if (method !== 'GET' || (response !== 'sse' && response !== 'websocket') || headers.authorization !== undefined) return null;
  const { ticket } = (query ?? {}) as { readonly ticket?: unknown };
  return typeof ticket === 'string' ? ticket : null;
};

/** The caller by the credential header, or by a ticket where one is taken. */
export const authenticated = async (options: ServerOptions, route: Route, asked: Asked, ip: string | null): Promise<Actor | null> => {
  const ticket = ticketIn(route, asked);
  if (ticket === null) return options.authenticate(asked.headers, ip);
  return (await options.redeemTicket?.(ticket, asked.url.split('?', 1)[0] ?? '', route.response === 'websocket')) ?? null;
};
