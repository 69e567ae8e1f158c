import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { newId } from '@miosa/kernel';
import type { Dispatch } from './dispatch.ts';
import { refuseSocket } from './pages/answer.ts';
import { REFUSALS } from './refusal.ts';
import type { Certificate } from './tls.ts';

/** Slow clients hold memory: a request head must be complete in this time, a TLS handshake too (slowloris). */
const HEADERS_MS = 15_000;
const HANDSHAKE_MS = 10_000;
const CHECK_MS = 2_000;
/** Between requests of one connection. */
const KEEP_ALIVE_MS = 75_000;
/** Contract 6. */
const MAX_HEADER_BYTES = 32_768;
const MAX_REQUESTS_PER_SOCKET = 10_000;

const isWebSocket = (req: IncomingMessage): boolean => req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket';

const OPTIONS: ServerOptions & { shouldUpgradeCallback: (req: IncomingMessage) => boolean } = {
  // A request without a body comes with its stream ended: no events, no timers of ours for what will never come.
  optimizeEmptyRequests: true,
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_MS,
  // Uploads may take hours; a stalled one is ended by the proxy.
  requestTimeout: 0,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: CHECK_MS,
  insecureHTTPParser: false,
  requireHostHeader: false, // parseHost refuses an empty one, with our error body
  noDelay: true,
  keepAlive: true,
  // Other protocols (h2c, say) are not spoken: such a request is answered as the plain one it also is.
  shouldUpgradeCallback: isWebSocket,
};

const onClientError = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  if (error.code === 'HPE_HEADER_OVERFLOW') return void refuseSocket(socket, REFUSALS.headersTooLarge, newId('req'));
  refuseSocket(socket, error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? REFUSALS.timedOut : REFUSALS.badRequest, newId('req'));
};

const furnish = <S extends Server | TlsServer>(server: S, dispatch: Dispatch, scheme: 'http' | 'https', maxConnections: number): S => {
  server.maxConnections = maxConnections;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  server.on('request', (req, res) => dispatch.request(req, res, scheme));
  server.on('upgrade', (req, socket, head) => dispatch.upgrade(req, socket, head, scheme));
  server.on('clientError', onClientError);
  return server;
};

export const httpListener = (dispatch: Dispatch, maxConnections: number): Server =>
  furnish(createServer(OPTIONS), dispatch, 'http', maxConnections);

export const httpsListener = (
  dispatch: Dispatch,
  maxConnections: number,
  certificate: Certificate,
  contextFor: (serverName: string) => Promise<SecureContext | null> | SecureContext | null = () => null,
): TlsServer => {
  // Without a context of its own a name gets the platform's certificate.
  const SNICallback = (serverName: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    const found = contextFor(serverName);
    if (found instanceof Promise)
      found.then(
        (context) => done(null, context ?? undefined),
        () => done(null),
      );
    else done(null, found ?? undefined);
  };
  const tls = { ...certificate, SNICallback, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'], handshakeTimeout: HANDSHAKE_MS } as const;
  const server = furnish(createTlsServer({ ...OPTIONS, ...tls }), dispatch, 'https', maxConnections);
  server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
  return server;
};

/** Resolves when the port is bound; rejects with one clear sentence when it cannot be. */
export const listen = (server: Server | TlsServer, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`cannot listen on port ${port}: ${error.code}`, { cause: error })),
    );
    server.listen(port, () => resolve());
  });

const DRAIN_STEP_MS = 25;

/** Stops accepting, lets requests under way finish until `drainMs` have passed, then closes what is left. */
export const drain = async (servers: readonly (Server | TlsServer)[], drainMs: number): Promise<void> => {
  let open = servers.length;
  for (const server of servers) server.close(() => open--);
  for (const end = Date.now() + drainMs; open > 0 && Date.now() < end; await sleep(DRAIN_STEP_MS)) {
    for (const server of servers) server.closeIdleConnections();
  }
  for (const server of servers) server.closeAllConnections();
};
