import type { Actor, Fault } from '@miosa/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Cursors } from './cursor.ts';
import { createEnvelope } from './envelope.ts';
import { renderFault, toFault } from './faults.ts';
import { type IdempotencyStore, runIdempotent, type StoredAnswer } from './idempotency.ts';
import { remembers } from './openapi.ts';
import type { ServerOptions } from './options.ts';
import type { RequestOp } from './request-op.ts';
import { createRequestReader, type ReadRequest } from './request-reader.ts';
import type { RawResponse, Route, SseResponse, WebSocketResponse } from './route.ts';
import type { Streams } from './streams.ts';
import type { Validator } from './validation.ts';
import type { WebSockets } from './websocket.ts';

export interface PipelineContext {
  readonly options: ServerOptions;
  readonly validator: Validator;
  readonly cursors: Cursors;
  readonly streams: Streams;
  readonly webSockets: WebSockets;
}

/** The body of a replay is the first one to the byte, so the header follows it: both name the same request (contract 1.7). */
const markReplayed = (reply: FastifyReply, { status, body }: StoredAnswer): void => {
  reply.header('idempotency-replayed', 'true');
  const first = status >= 400 ? (JSON.parse(body) as { error?: { request_id?: string } }).error?.request_id : undefined;
  if (first !== undefined) reply.header('x-request-id', first);
};

/**
 * Whose remembered answers the caller shares. Server keys of an organization share theirs, so that a repeat goes through with a rotated key; the
 * answers of a user, of a key bound to a workspace or of a browser token are nobody else's: they may hold what only those may see.
 */
const sharesWith = (actor: Actor): string => {
  if (actor.type === 'user') return `user ${actor.id}`;
  if (actor.type !== 'key') return `${actor.type} ${actor.id}`;
  return actor.userId === null ? `keys ${actor.workspaceId ?? ''}` : `user ${actor.userId}`;
};

const isRaw = (result: unknown): result is RawResponse => (result as { kind?: unknown } | null)?.kind === 'raw';

/** What happens after credential and rights: reading and checks, idempotency, handler, envelope (contract 1.3, 1.4). */
export const createPipeline = (route: Route, { options, validator, cursors, streams, webSockets }: PipelineContext) => {
  const isJson = route.response !== 'raw' && route.response !== 'sse' && route.response !== 'websocket';
  const read = createRequestReader(route, { validator, cursors });
  const envelope = createEnvelope(route, isJson && options.checkResponses === true ? validator.response(route.response) : null);

  const answer = async (op: RequestOp, ready: ReadRequest): Promise<StoredAnswer> =>
    envelope(await route.handler(op, ready.request), ready.sealCursor);

  const remembered = async (
    op: RequestOp,
    ready: ReadRequest,
    url: string,
    header: string,
    store: IdempotencyStore,
    reply: FastifyReply,
  ) => {
    let fault: Fault | undefined;
    route.ahead?.(op, ready.request);
    // The same request: of the same caller, to the same address, with the same body.
    const bodyBytes = Buffer.concat([Buffer.from(`${sharesWith(op.actor)}\n${url}\n`), ready.bodyBytes]);
    const call = { header, tenantId: op.actor.tenantId ?? '', route: route.id, bodyBytes };
    const { replayed, ...stored } = await runIdempotent(store, call, async (effect) => {
      op.effect = effect;
      try {
        return await answer(op, ready);
      } catch (error) {
        // A refusal is an answer too, and is remembered like one.
        fault = toFault(error, options.translate);
        return renderFault(fault, op.requestId);
      }
    });
    if (fault !== undefined) throw fault;
    if (replayed) markReplayed(reply, stored);
    return stored;
  };

  return async (op: RequestOp, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const ready = await read(request, op);
    if (route.response === 'websocket') {
      await webSockets.admit(op, request);
      const opened = (await route.handler(op, ready.request)) as WebSocketResponse;
      return webSockets.accept(op, request, reply, opened);
    }
    if (!isJson) {
      const result = (await route.handler(op, ready.request)) as SseResponse | RawResponse;
      return result.kind === 'sse' ? streams.sendSse(op, reply, result) : streams.sendRaw(op, request, reply, result);
    }
    if (route.alternatives !== undefined) {
      const result: unknown = await route.handler(op, ready.request);
      if (isRaw(result)) return streams.sendRaw(op, request, reply, result);
      const { status, body } = envelope(result, ready.sealCursor);
      return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(body);
    }
    const header = request.headers['idempotency-key'];
    const { idempotency } = options;
    const { status, body } =
      typeof header === 'string' && idempotency !== undefined && remembers(route) && ready.request.stream === undefined
        ? await remembered(op, ready, request.url, header, idempotency, reply)
        : await answer(op, ready);
    return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(body);
  };
};
