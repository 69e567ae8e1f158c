import { type IncomingHttpHeaders, type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Actor, type ErrorCode, Fault, newId } from '@miosa/kernel';
import fastify, { type FastifyInstance, type FastifyReply, type HTTPMethods } from 'fastify';
import { assertNotInBrowser, corsHeaders, isBrowserRoute, preflightHeaders } from './cors.ts';
import type { Cursors } from './cursor.ts';
import { renderFault } from './faults.ts';
import { createCount } from './limits.ts';
import type { Metrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';
import { createPipeline } from './pipeline.ts';
import { CREDENTIAL_NEEDED } from './refusal.ts';
import { INTERNAL, type RequestOp } from './request-op.ts';
import { routerPath } from './request-reader.ts';
import { leastRoleOf, type Route } from './route.ts';
import { createScope, type Scope, type Serve, type Work } from './scope.ts';
import { createStreams } from './streams.ts';
import { authenticated } from './ticket.ts';
import type { Validator } from './validation.ts';
import { createWebSockets, upgrades } from './websocket.ts';
import { wellKnown } from './well-known.ts';

export interface Shared {
  readonly options: ServerOptions;
  readonly validator: Validator;
  readonly cursors: Cursors;
  readonly metrics: Metrics;
  readonly drain: AbortController;
}

export interface App {
  readonly app: FastifyInstance;
  drain(graceMs: number): Promise<void>;
}

type Surface = 'public' | 'internal';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const asksForWebSocket = (request: IncomingMessage): boolean =>
  request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket';

/** An upgrade takes the way of every request, so that whatever refuses it answers as it would any other; only its route completes it. */
const routeUpgrades = (app: FastifyInstance): void => {
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {}); // without a listener a reset would end the process
    upgrades.set(request, { socket, head });
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
    response.once('finish', () => socket.end());
    app.routing(request, response);
  });
};

/** Fastify routes and writes; reading, checking and rendering are ours, so that every byte of an error has our form. */
const createRouter = ({ serve, fail }: Scope): FastifyInstance => {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // The body and its time limit are ours (`body.ts`); uploads may take hours.
    requestTimeout: 0,
    keepAliveTimeout: 75_000,
    routerOptions: { maxParamLength: 4096 },
    http: { shouldUpgradeCallback: asksForWebSocket },
    frameworkErrors: (error, request, reply) => void fail(request, reply, error),
    clientErrorHandler: (_error, socket) => {
      if (!socket.writable) return;
      const requestId = newId('req');
      const { body } = renderFault(new Fault('BAD_REQUEST', 'The request is not valid HTTP.'), requestId);
      const headers = `Connection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX-Request-ID: ${requestId}`;
      socket.end(`HTTP/1.1 400 Bad Request\r\n${headers}\r\n\r\n${body}`);
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null)); // left unread for the pipeline
  app.setErrorHandler((error, request, reply) => fail(request, reply, error));
  const notFound: Work = async () => {
    throw new Fault('NOT_FOUND', 'There is no such route.');
  };
  app.setNotFoundHandler(serve('unknown', notFound));
  routeUpgrades(app);
  return app;
};

type Admit = (route: Route, op: RequestOp, headers: IncomingHttpHeaders, reply: FastifyReply) => Promise<void>;

/** A signature that is refused counts against the address, as a credential does. */
const countingRefusals = (route: Route, limits: ServerOptions['limits'], work: Work): Work => {
  const count = createCount(limits);
  return async (op, request, reply) => {
    try {
      return await work(op, request, reply);
    } catch (error) {
      if (error instanceof Fault && REFUSALS.has(error.code)) await count(null, route, op.ip, reply);
      throw error;
    }
  };
};

/** Answers that say no to a credential; whatever else `authenticate` throws says nothing about it. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND']);

/** Credential (401), rate limits (429), then role and scope (403), all before anything is read. */
const createAdmission = (surface: Surface, options: ServerOptions): Admit => {
  const apiOrigin = new URL(options.apiUrl).origin;
  const count = createCount(options.limits);

  /** A credential that is refused counts against the address: it names nobody else. */
  const identify = async (route: Route, op: RequestOp, reply: FastifyReply): Promise<Actor> => {
    const refused = (): Promise<void> => count(null, route, op.ip, reply);
    let actor: Actor | null;
    try {
      actor = await authenticated(options, route, reply.request, op.ip);
    } catch (error) {
      if (error instanceof Fault && REFUSALS.has(error.code)) await refused();
      throw error;
    }
    if (actor !== null) return actor;
    await refused();
    throw new Fault('UNAUTHORIZED', CREDENTIAL_NEEDED);
  };

  return async (route, op, headers, reply) => {
    if (surface === 'internal') {
      op.actor = INTERNAL;
      return;
    }
    if (route.access === 'public') return route.bucket === 'signed' ? undefined : count(null, route, op.ip, reply);
    const actor = await identify(route, op, reply);
    op.actor = actor;
    const { origin } = headers;
    // A page may read what it is refused, too.
    if (origin !== undefined && isBrowserRoute(route) && (await options.originAllowed?.(actor, origin)) === true)
      reply.headers(corsHeaders(origin));
    await count(actor, route, op.ip, reply);
    assertNotInBrowser(headers, apiOrigin);
    options.authorize(actor, route);
    op.leastRole = leastRoleOf(route);
  };
};

const urlOf = ({ internal, path }: Route): string =>
  routerPath(internal === true ? (path.startsWith('/internal/') ? path : `/internal${path}`) : `/api/v1${path}`);

const answersHead = ({ method, response }: Route): boolean => method === 'GET' && response !== 'sse' && response !== 'websocket';

/** 405 with `Allow` for the verbs a path does not have; preflight where a browser token may come. */
const addOtherMethods = (app: FastifyInstance, url: string, routes: readonly Route[], serve: Serve): void => {
  const has = new Set<HTTPMethods>(routes.map(({ method }) => method));
  if (routes.some(answersHead)) has.add('HEAD');
  const browser = routes.filter(isBrowserRoute).map(({ method }) => method);
  const refuse: Work = async (_op, _request, reply) => {
    reply.header('allow', [...has].join(', '));
    throw new Fault('METHOD_NOT_ALLOWED', `This path takes ${[...has].join(', ')}.`);
  };
  const preflight: Work = async (op, request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined || request.headers['access-control-request-method'] === undefined) return refuse(op, request, reply);
    return reply.code(200).headers(preflightHeaders(origin, browser)).send('');
  };
  if (browser.length > 0) {
    has.add('OPTIONS');
    app.route({ method: 'OPTIONS', url, handler: serve('preflight', preflight) });
  }
  const others = METHODS.filter((method) => !has.has(method));
  if (others.length > 0) app.route({ method: others, url, handler: serve('method_not_allowed', refuse) });
};

/** Lets requests end, then aborts what waits, then cuts. */
const drainApp = async (app: FastifyInstance, live: ReadonlySet<RequestOp>, graceMs: number): Promise<void> => {
  const closed = app.close();
  for (const deadline = Date.now() + graceMs; live.size > 0 && Date.now() < deadline; ) await sleep(20);
  for (const op of live) op.abort();
  // Half a second for handlers that wait on `op.signal` to answer.
  for (let i = 0; live.size > 0 && i < 25; i++) await sleep(20);
  app.server.closeAllConnections();
  await closed;
};

/** One listener's application: the routes of its surface, well-known paths, 404 and 405. */
export const createApp = (surface: Surface, { options, validator, cursors, metrics, drain }: Shared): App => {
  const scope = createScope(options, metrics, drain.signal);
  const app = createRouter(scope);
  const admit = createAdmission(surface, options);
  const streams = createStreams(options, drain.signal);
  const webSockets = createWebSockets(options, drain.signal);

  const addRoute = (url: string, route: Route): void => {
    const pipeline = createPipeline(route, { options, validator, cursors, streams, webSockets });
    const run = route.bucket === 'signed' ? countingRefusals(route, options.limits, pipeline) : pipeline;
    const handler = scope.serve(route.id, async (op, request, reply) => {
      await admit(route, op, request.headers, reply);
      return run(op, request, reply);
    });
    app.route({ method: route.method, url, handler });
    if (answersHead(route)) app.route({ method: 'HEAD', url, handler });
  };

  const declared = options.routes.filter(({ internal }) => (internal === true) === (surface === 'internal'));
  const urls = declared.flatMap((route) =>
    [route.path, ...(route.aliases ?? [])].map((path) => ({ route, url: urlOf({ ...route, path }) })),
  );
  const all = [...wellKnown(surface, options, metrics, drain.signal), ...urls];
  for (const [url, entries] of Map.groupBy(all, (entry) => entry.url)) {
    const routes = entries.map(({ route }) => route);
    for (const route of routes) addRoute(url, route);
    addOtherMethods(app, url, routes, scope.serve);
  }
  return { app, drain: (graceMs) => drainApp(app, scope.live, graceMs) };
};
