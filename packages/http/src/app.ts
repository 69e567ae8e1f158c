import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, newId } from '@miosa/kernel';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type HTTPMethods } from 'fastify';
import { assertNotInBrowser, corsHeaders, isBrowserRoute, preflightHeaders } from './cors.ts';
import type { Cursors } from './cursor.ts';
import { logFault, publicFault, renderFault, toFault } from './faults.ts';
import type { Metrics } from './metrics.ts';
import { createPipeline, routerPath } from './pipeline.ts';
import { INTERNAL, RequestOp } from './request-op.ts';
import type { RawResponse, Route, SseResponse } from './route.ts';
import type { ServerOptions } from './server.ts';
import { writeSse } from './sse.ts';
import type { Validator } from './validation.ts';
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

/** On every answer: nothing from this host is sniffed, cached, framed or run as a page, whatever a sandbox file contains. */
const COMMON_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
} as const;

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const INBOUND_ID = /^[A-Za-z0-9_-]{8,64}$/;

const requestIdOf = (headers: IncomingHttpHeaders): string => {
  const inbound = headers['x-request-id'];
  return typeof inbound === 'string' && INBOUND_ID.test(inbound) ? inbound : newId('req');
};

/** The edge is the only client of the socket and appends the peer it saw: the last entry is true, those before it are claims. */
const clientIp = (headers: IncomingHttpHeaders): string | null => {
  const forwarded = headers['x-forwarded-for'];
  return typeof forwarded === 'string' ? forwarded.slice(forwarded.lastIndexOf(',') + 1).trim() || null : null;
};

const isReadable = (body: RawResponse['body']): body is Readable => typeof body === 'object' && !Buffer.isBuffer(body);

type Work = (op: RequestOp, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** One listener's application: the routes of its surface, well-known paths, 404 and 405 in our own shape. */
export const createApp = (surface: 'public' | 'internal', { options, validator, cursors, metrics, drain }: Shared): App => {
  const { log, translate } = options;
  const apiOrigin = new URL(options.apiUrl).origin;
  const live = new Set<RequestOp>();
  // A stream that fails before its first byte comes back through the error handler: it is still the same request.
  const begun = new WeakMap<FastifyRequest, RequestOp>();

  const fail = (op: RequestOp, reply: FastifyReply, error: unknown, operation: string): FastifyReply => {
    const fault = toFault(error, translate);
    logFault(op.log, fault, { operation });
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return reply;
    }
    const { status, headers, body } = renderFault(fault, op.requestId);
    return reply.code(status).headers(headers).header('content-type', 'application/json; charset=utf-8').send(body);
  };

  const begin = (request: FastifyRequest, reply: FastifyReply, operation: string): RequestOp => {
    const known = begun.get(request);
    if (known !== undefined) return known;
    const { headers } = request;
    const op = new RequestOp(requestIdOf(headers), clientIp(headers), headers['user-agent'] ?? null, log);
    const startedMs = performance.now();
    metrics.started();
    live.add(op);
    begun.set(request, op);
    reply.raw.once('close', () => {
      live.delete(op);
      if (!reply.raw.writableFinished) op.abort();
      metrics.finished(operation, reply.raw.statusCode, (performance.now() - startedMs) / 1000);
    });
    reply.headers(COMMON_HEADERS).header('x-request-id', op.requestId);
    return op;
  };

  const serve =
    (operation: string, work: Work) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      const op = begin(request, reply, operation);
      try {
        if (drain.signal.aborted)
          throw new Fault('UNAVAILABLE', 'The server is restarting. Try again.', { details: { reason: 'draining' } });
        return await work(op, request, reply);
      } catch (error) {
        return fail(op, reply, error, operation);
      }
    };

  /** Fires when an open stream must end: the process drains, or its credential is gone. */
  const streamEnd = (op: RequestOp, reply: FastifyReply): AbortSignal => {
    const credential = new AbortController();
    const unwatch = options.watchCredential?.(op.actor, () => credential.abort(new Fault('UNAUTHORIZED', 'The credential has ended.')));
    if (unwatch !== undefined) reply.raw.once('close', unwatch);
    return AbortSignal.any([drain.signal, credential.signal]);
  };

  const sendSse = async (op: RequestOp, reply: FastifyReply, { events }: SseResponse): Promise<void> => {
    reply.hijack();
    await writeSse(reply.raw, events, {
      headers: reply.getHeaders() as Record<string, string>,
      end: streamEnd(op, reply),
      toFault: (error) => {
        const fault = toFault(error, translate);
        logFault(op.log, fault, { stream: true });
        return publicFault(fault);
      },
    });
  };

  const sendRaw = (op: RequestOp, request: FastifyRequest, reply: FastifyReply, { status, headers, body }: RawResponse): FastifyReply => {
    reply.code(status).header('content-type', 'application/octet-stream').headers(headers);
    if (!isReadable(body)) return reply.send(body);
    if (request.method === 'HEAD') {
      body.destroy();
      return reply.send('');
    }
    const watched = new AbortController();
    const unwatch = options.watchCredential?.(op.actor, () => watched.abort());
    if (unwatch !== undefined) reply.raw.once('close', unwatch);
    watched.signal.addEventListener('abort', () => reply.raw.destroy());
    return reply.send(body); // piped with back-pressure; destroyed when the client hangs up
  };

  /** Credential (401), then role and scope (403); rate limits belong right after, before anything is read. */
  const admit = async (route: Route, op: RequestOp, headers: IncomingHttpHeaders, reply: FastifyReply): Promise<void> => {
    if (surface === 'internal') {
      op.actor = INTERNAL;
      return;
    }
    if (route.access === 'public') return;
    const actor = await options.authenticate(headers, op.ip);
    if (actor === null) throw new Fault('UNAUTHORIZED', 'A valid credential is needed: Authorization: Bearer <API key or access token>.');
    op.actor = actor;
    assertNotInBrowser(headers, apiOrigin);
    const { origin } = headers;
    if (origin !== undefined && isBrowserRoute(route) && options.originAllowed?.(actor, origin) === true)
      reply.headers(corsHeaders(origin));
    options.authorize(actor, route);
  };

  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // The body and its time limit are ours (`body.ts`); uploads may take hours.
    requestTimeout: 0,
    keepAliveTimeout: 75_000,
    routerOptions: { maxParamLength: 4096 },
    frameworkErrors: (error, request, reply) => void fail(begin(request, reply, 'unknown'), reply, error, 'unknown'),
    clientErrorHandler: (_error, socket) => {
      if (!socket.writable) return;
      const { body } = renderFault(new Fault('BAD_REQUEST', 'The request is not valid HTTP.'), newId('req'));
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null)); // left unread for the pipeline
  app.setErrorHandler((error, request, reply) => fail(begin(request, reply, 'unknown'), reply, error, 'unknown'));
  app.setNotFoundHandler(
    serve('unknown', async () => {
      throw new Fault('NOT_FOUND', 'There is no such route.');
    }),
  );

  const context = {
    validator,
    cursors,
    idempotency: options.idempotency,
    translate,
    checkResponses: options.checkResponses ?? false,
    sendSse,
    sendRaw,
  };
  const addRoute = (url: string, route: Route): void => {
    const run = createPipeline(route, context);
    const handler = serve(route.id, async (op, request, reply) => {
      await admit(route, op, request.headers, reply);
      return run(op, request, reply);
    });
    app.route({ method: route.method, url, handler });
    if (route.method === 'GET' && route.response !== 'sse') app.route({ method: 'HEAD', url, handler });
  };

  const mine = options.routes.filter((route) => (route.internal === true) === (surface === 'internal'));
  const byUrl = Map.groupBy(
    [...wellKnown(surface, options, metrics, drain.signal), ...mine.map((route) => ({ route, url: urlOf(route) }))],
    ({ url }) => url,
  );
  for (const [url, entries] of byUrl) {
    for (const { route } of entries) addRoute(url, route);
    addOtherMethods(
      app,
      url,
      entries.map(({ route }) => route),
      serve,
    );
  }

  return {
    app,
    drain: async (graceMs) => {
      const closed = app.close();
      const deadline = Date.now() + graceMs;
      while (live.size > 0 && Date.now() < deadline) await sleep(20);
      for (const op of live) op.abort();
      // A moment for handlers that wait on `op.signal` to answer.
      for (let i = 0; live.size > 0 && i < 25; i++) await sleep(20);
      app.server.closeAllConnections();
      await closed;
    },
  };
};

const urlOf = ({ internal, path }: Route): string =>
  routerPath(internal === true ? (path.startsWith('/internal/') ? path : `/internal${path}`) : `/api/v1${path}`);

/** 405 with `Allow` for the verbs a path does not have; preflight where a browser token may come. */
const addOtherMethods = (
  app: FastifyInstance,
  url: string,
  routes: readonly Route[],
  serve: (operation: string, work: Work) => (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
): void => {
  const has = new Set<HTTPMethods>(routes.map(({ method }) => method));
  if (routes.some(({ method, response }) => method === 'GET' && response !== 'sse')) has.add('HEAD');
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
