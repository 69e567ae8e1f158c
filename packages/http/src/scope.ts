import type { IncomingHttpHeaders } from 'node:http';
import { Fault, newId } from '@miosa/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { logFault, renderFault, toFault } from './faults.ts';
import type { Metrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';
import { refusedBy } from './refusal.ts';
import { RequestOp } from './request-op.ts';

/** On every answer: nothing from this host is sniffed, cached, framed or run as a page, whatever a sandbox file contains. */
const COMMON_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
} as const;

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

export type Work = (op: RequestOp, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
export type Serve = (operation: string, work: Work) => (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

export interface Scope {
  readonly serve: Serve;
  /** For what fails outside of `serve`: a URL the router cannot read, a stream that breaks before its first byte. */
  fail(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply;
  /** Requests begun and not ended. */
  readonly live: ReadonlySet<RequestOp>;
}

/** The frame around every request: id, common headers, metrics, abort on hang-up, and errors in our form. */
export const createScope = ({ log, translate, onRefused }: ServerOptions, metrics: Metrics, drain: AbortSignal): Scope => {
  const live = new Set<RequestOp>();
  // A stream that fails before its first byte comes back through the error handler: it is still the same request.
  const begun = new WeakMap<FastifyRequest, RequestOp>();

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

  const answerFault = (op: RequestOp, reply: FastifyReply, error: unknown, operation: string): FastifyReply => {
    const fault = toFault(error, translate);
    logFault(op.log, fault, { operation });
    const refused = onRefused === undefined ? null : refusedBy(fault, op.actor, operation);
    if (refused !== null) onRefused?.(refused, op);
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return reply;
    }
    const { status, headers, body } = renderFault(fault, op.requestId);
    return reply.code(status).headers(headers).header('content-type', 'application/json; charset=utf-8').send(body);
  };

  return {
    live,
    fail: (request, reply, error) => answerFault(begin(request, reply, 'unknown'), reply, error, 'unknown'),
    serve: (operation, work) => async (request, reply) => {
      const op = begin(request, reply, operation);
      try {
        if (drain.aborted) throw new Fault('UNAVAILABLE', 'The server is restarting. Try again.', { details: { reason: 'draining' } });
        return await work(op, request, reply);
      } catch (error) {
        return answerFault(op, reply, error, operation);
      }
    },
  };
};
