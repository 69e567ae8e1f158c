import { type Agent, createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { gate } from '../gate.ts';
import { type Target as Destination, forward, forwardUpgrade, HEADERS_MAX_BYTES, refuse } from './forward.ts';
import type { Opened, Opening, Reaching, Setup } from './protocol.ts';
import { agentFor, trustOf, type Way } from './upstream.ts';

/** Connections at once; each holds its buffers, some 100 KiB, however slow its ends are. */
const CONNECTIONS_MAX = 1024;
const CONNECTIONS_PER_SOURCE = 128;
/** For a handshake, and for the head of a request. */
const HEAD_MS = 15_000;
const IDLE_MS = 60_000;
const HOST = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+$/;

export interface Broker {
  setup(): Setup;
  open(opening: Opening): Promise<Opened | null>;
  reach(reaching: Reaching): Promise<readonly string[]>;
}

export interface Egress {
  /** What it was told last has changed. */
  renew(): void;
  drop(source: string): void;
}

/** One connection from inside. `host` is set once a handshake has named it. */
interface Client {
  readonly source: string;
  readonly port: 80 | 443;
  readonly agents: Map<string, Agent>;
  host: string | null;
  opened: Opened | null;
}

/** The one host a request is for; null when it names none, several, or another form of request. */
const hostOf = (request: IncomingMessage, port: 80 | 443): string | null => {
  const [host = '', ...more] = request.headersDistinct.host ?? [];
  const isTarget = request.url?.startsWith('/') === true || (request.method === 'OPTIONS' && request.url === '*');
  const name = host.toLowerCase().replace(new RegExp(`:${port}$`), '');
  return more.length === 0 && isTarget && HOST.test(name) ? name : null;
};

type Judged = { readonly target: Destination } | { readonly status: number; readonly message: string };

const createProxy = (broker: Broker) => {
  const clients = new WeakMap<Duplex, Client>();
  let trust: SecureContext | null = null;
  const agentOf = (client: Client, way: Way): Agent => {
    trust ??= trustOf(broker.setup());
    const agent = client.agents.get(way.host) ?? agentFor(way, broker.setup(), trust, broker.reach);
    client.agents.set(way.host, agent);
    return agent;
  };

  const judge = async (request: IncomingMessage): Promise<Judged> => {
    const client = clients.get(request.socket);
    if (client === undefined) return { status: 403, message: 'Refused.' };
    const host = hostOf(request, client.port);
    if (host === null || request.method === 'TRACE') return { status: 400, message: 'This is not a request for one host.' };
    const { source, port } = client;
    // Who is spoken to was agreed in the handshake; a request for somebody else could take a secret there.
    if (port === 443 && host !== client.host) return { status: 421, message: `This connection is for ${client.host}, not for ${host}.` };
    const opened = port === 443 ? client.opened : await broker.open({ source, host, port });
    if (opened === null) return { status: 403, message: `${host} may not be reached from this sandbox.` };
    return { target: { host, port, secrets: opened.secrets, agent: agentOf(client, { source, host, port }) } };
  };

  const server = createServer({
    maxHeaderSize: HEADERS_MAX_BYTES,
    insecureHTTPParser: false,
    requireHostHeader: true,
    headersTimeout: HEAD_MS,
    requestTimeout: 0, // an upload may take long
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: HEAD_MS / 3,
  });
  server.on('request', (request, response) => {
    judge(request)
      .then((judged) => ('target' in judged ? forward(request, response, judged.target) : refuse(response, judged.status, judged.message)))
      // What cannot be sent on; one sandbox's odd bytes must not end the connections of others.
      .catch(() => refuse(response, 400, 'This request cannot be passed on.'));
  });
  server.on('upgrade', (request, socket: Duplex, early) => {
    socket.on('error', () => {});
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      return void socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    judge(request)
      .then((judged) => {
        if ('target' in judged) forwardUpgrade(request, socket, early, judged.target);
        else socket.end(`HTTP/1.1 ${judged.status} Refused\r\nConnection: close\r\n\r\n`);
      })
      .catch(() => socket.destroy());
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  return {
    server,
    adopt: (stream: Duplex, socket: Socket, port: 80 | 443): Client => {
      const client: Client = { source: socket.remoteAddress ?? '', port, agents: new Map(), host: null, opened: null };
      clients.set(stream, client);
      socket.on('close', () => {
        for (const agent of client.agents.values()) agent.destroy();
      });
      return client;
    },
    renew: (): void => {
      trust = null;
    },
  };
};

/** TLS from inside: the name it asks for decides who answers. Without a name, or for another than the sandbox's hosts, there is no certificate. */
const secure = (server: Server, broker: Broker, adopt: (stream: Duplex, socket: Socket, port: 443) => Client, socket: Socket): void => {
  const late = setTimeout(() => socket.destroy(), HEAD_MS);
  socket.on('close', () => clearTimeout(late));
  const stream: TLSSocket = new TLSSocket(socket, {
    isServer: true,
    ALPNProtocols: ['http/1.1'],
    SNICallback: (name, done) => {
      const host = name.toLowerCase();
      const open = async (): Promise<SecureContext> => {
        const opened = HOST.test(host) ? await broker.open({ source: client.source, host, port: 443 }) : null;
        if (opened === null) throw new Error('refused');
        client.host = host;
        client.opened = opened;
        clearTimeout(late);
        return createSecureContext({ cert: opened.certificate, key: opened.key, minVersion: 'TLSv1.2' });
      };
      open().then(
        (context) => done(null, context),
        (error: Error) => done(error),
      );
    },
  });
  const client = adopt(stream, socket, 443);
  stream.on('error', () => socket.destroy());
  server.emit('connection', stream);
};

/** Listens on 80 and 443. Resolves when it does. */
export const serveEgress = async (broker: Broker, ports = { plain: 80, secure: 443 }): Promise<Egress> => {
  const room = gate(CONNECTIONS_MAX, CONNECTIONS_PER_SOURCE);
  const open = new Map<string, Set<Socket>>();
  const proxy = createProxy(broker);
  const accept = (socket: Socket): boolean => {
    const source = socket.remoteAddress ?? '';
    socket.on('error', () => {});
    if (!room.enter(source)) {
      socket.destroy();
      return false;
    }
    const sockets = open.get(source) ?? new Set();
    open.set(source, sockets.add(socket));
    socket.on('close', () => {
      room.leave(source);
      sockets.delete(socket);
      if (sockets.size === 0 && open.get(source) === sockets) open.delete(source);
    });
    return true;
  };
  proxy.server.on('connection', (stream: Duplex) => {
    // Those of TLS were accepted below.
    if (!(stream instanceof TLSSocket) && accept(stream as Socket)) proxy.adopt(stream, stream as Socket, 80);
  });
  const tls = createTcpServer((socket) => {
    if (accept(socket)) secure(proxy.server, broker, proxy.adopt, socket);
  });
  await Promise.all([
    new Promise<void>((resolve) => proxy.server.listen(ports.plain, '0.0.0.0', resolve)),
    new Promise<void>((resolve) => tls.listen(ports.secure, '0.0.0.0', resolve)),
  ]);
  return {
    renew: proxy.renew,
    drop: (source) => {
      for (const socket of open.get(source) ?? []) socket.destroy();
    },
  };
};
