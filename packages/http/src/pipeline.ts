import { type Actor, Fault, notFound } from '@miosa/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DEFAULT_BODY_LIMIT_BYTES, parseJson, readJsonBytes } from './body.ts';
import type { Cursors } from './cursor.ts';
import { renderFault, type Translate, toFault } from './faults.ts';
import { type IdempotencyStore, runIdempotent, type StoredAnswer } from './idempotency.ts';
import { remembers } from './openapi.ts';
import type { RequestOp } from './request-op.ts';
import type { Page, RawRequest, RawResponse, Route, SseResponse, WithStatus } from './route.ts';
import { bodyFault, type Check, queryFault, type Validator } from './validation.ts';

export interface PipelineContext {
  readonly validator: Validator;
  readonly cursors: Cursors;
  readonly idempotency: IdempotencyStore | undefined;
  readonly translate: Translate | undefined;
  /** Compare every answer with its declared schema; a mismatch is INTERNAL. For tests. */
  readonly checkResponses: boolean;
  sendSse(op: RequestOp, reply: FastifyReply, response: SseResponse): Promise<void>;
  sendRaw(op: RequestOp, request: FastifyRequest, reply: FastifyReply, response: RawResponse): FastifyReply;
}

const NO_FIELDS: Check = () => [];
const EMPTY = Buffer.alloc(0);

/** Express-style pattern for the router: `/files/{path...}` → `/files/*`, `{id}` → `:id`. */
export const routerPath = (path: string): string =>
  path
    .replaceAll(':', '::')
    .replace(/\{[a-z0-9_]+\.\.\.\}$/i, '*')
    .replace(/\{([a-z0-9_]+)\}/gi, ':$1');

const restName = (path: string): string | undefined => /\{([a-z0-9_]+)\.\.\.\}$/i.exec(path)?.[1];

const JSON_WANTED = /\*\/\*|application\/(?:\*|json|[\w.-]+\+json)/i;
const SSE_WANTED = /\*\/\*|text\/(?:\*|event-stream)/i;

/** An `Accept` that no answer of this route can satisfy. Bytes have whatever type they have. */
const assertAcceptable = (accept: string | undefined, response: Route['response']): void => {
  if (accept === undefined || response === 'raw') return;
  const [wanted, type] = response === 'sse' ? [SSE_WANTED, 'text/event-stream'] : [JSON_WANTED, 'application/json'];
  if (!wanted.test(accept)) throw new Fault('NOT_ACCEPTABLE', `This route answers ${type}.`);
};

const isStatus = (value: unknown): value is WithStatus<unknown> => {
  const v = value as Partial<WithStatus<unknown>> | null;
  return typeof v === 'object' && v?.kind === 'status' && typeof v.status === 'number' && 'data' in v;
};

interface Ready {
  readonly request: RawRequest<unknown, Record<string, unknown>, unknown>;
  readonly bodyBytes: Buffer;
  readonly sealCursor: (position: string) => string;
}

/** What happens after credential and rights: params, query, body, idempotency, handler, envelope (contract 1.3 and 1.4). */
export const createPipeline = (route: Route, context: PipelineContext) => {
  const { validator, cursors } = context;
  const rest = restName(route.path);
  const checkParams = route.params === undefined ? NO_FIELDS : validator.text(route.params, 'path');
  const checkQuery = route.query === undefined ? NO_FIELDS : validator.text(route.query, 'query');
  const hasJsonBody = route.body !== undefined && route.body !== 'raw';
  const checkBody = hasJsonBody ? validator.body(route.body) : NO_FIELDS;
  const isJson = route.response !== 'raw' && route.response !== 'sse';
  const checkResponse = isJson && context.checkResponses ? validator.response(route.response) : NO_FIELDS;

  const readParams = (request: FastifyRequest): Record<string, string> => {
    const params = request.params as Record<string, string>;
    const named = rest === undefined ? params : { ...params, [rest]: params['*'] ?? '' };
    // Text that cannot name anything is absent, like any other unknown id.
    if (Object.values(named).some((v) => v.includes('\0')) || checkParams(named).length > 0) throw notFound();
    return named;
  };

  const readQuery = (request: FastifyRequest, op: RequestOp): Pick<Ready, 'sealCursor'> & { query: Record<string, unknown> } => {
    const sent = request.query as Record<string, unknown>;
    const query = { ...sent };
    const errors = checkQuery(query);
    if (errors.length > 0) throw queryFault(errors);
    for (const [name, value] of Object.entries(query)) {
      if (String(value).includes('\0')) throw queryFault([{ path: name, message: 'must not contain NUL' }]);
    }
    const bound = { route: route.id, tenantId: op.actor.tenantId ?? '', query: sent };
    if (typeof query.cursor === 'string' && route.envelope === 'list') query.cursor = cursors.open(bound, query.cursor);
    return { query, sealCursor: (position) => cursors.seal(bound, position) };
  };

  const readBody = (bytes: Buffer): unknown => {
    const body = bytes.length === 0 ? {} : parseJson(bytes);
    const errors = checkBody(body);
    if (errors.length > 0) throw bodyFault(errors);
    return body;
  };

  const prepare = async (request: FastifyRequest, op: RequestOp): Promise<Ready> => {
    assertAcceptable(request.headers.accept, route.response);
    const params = readParams(request);
    const { query, sealCursor } = readQuery(request, op);
    const { raw, headers } = request;
    const bodyBytes = hasJsonBody ? await readJsonBytes(raw, headers, route.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES) : EMPTY;
    const body = hasJsonBody ? readBody(bodyBytes) : route.body === 'raw' ? raw : undefined;
    // Node keeps only `set-cookie` as a list, which means nothing in a request.
    return { request: { params, query, body, headers: headers as Record<string, string | undefined> }, bodyBytes, sealCursor };
  };

  const envelope = (result: unknown, sealCursor: Ready['sealCursor']): StoredAnswer => {
    const status = isStatus(result) ? result.status : (route.status ?? 200);
    const data = isStatus(result) ? result.data : result;
    if (route.envelope !== 'list') {
      assertDeclared(data);
      return { status, body: JSON.stringify(route.envelope === 'bare' ? data : { data }) };
    }
    const { items, nextCursor, siblings } = data as Page<unknown>;
    for (const item of items) assertDeclared(item);
    return { status, body: JSON.stringify({ data: items, next_cursor: nextCursor === null ? null : sealCursor(nextCursor), ...siblings }) };
  };

  const assertDeclared = (data: unknown): void => {
    if (checkResponse === NO_FIELDS) return;
    const errors = checkResponse(JSON.parse(JSON.stringify(data ?? null)));
    if (errors.length > 0) throw new Fault('INTERNAL', 'undeclared answer', { internal: `${route.id}: ${JSON.stringify(errors)}` });
  };

  const answer = async (op: RequestOp, ready: Ready): Promise<StoredAnswer> =>
    envelope(await route.handler(op, ready.request), ready.sealCursor);

  /** A refusal is an answer too, and is remembered like one. */
  const answerOrFault = async (op: RequestOp, ready: Ready): Promise<StoredAnswer & { fault?: Fault }> => {
    try {
      return await answer(op, ready);
    } catch (error) {
      const fault = toFault(error, context.translate);
      const { status, body } = renderFault(fault, op.requestId);
      return { status, body, fault };
    }
  };

  const remembered = async (
    op: RequestOp,
    ready: Ready,
    header: string,
    reply: FastifyReply,
    store: IdempotencyStore,
  ): Promise<StoredAnswer> => {
    const tenantId = (op.actor as Extract<Actor, { type: 'key' }>).tenantId;
    let fault: Fault | undefined;
    const call = { header, tenantId, route: route.id, bodyBytes: ready.bodyBytes };
    const { replayed, ...stored } = await runIdempotent(store, call, async () => {
      const { fault: failed, ...result } = await answerOrFault(op, ready);
      fault = failed;
      return result;
    });
    if (fault !== undefined) throw fault;
    if (replayed) {
      reply.header('idempotency-replayed', 'true');
      // The body is the first one to the byte, so the header follows it: both name the same request (contract 1.7).
      const first = stored.status >= 400 ? (JSON.parse(stored.body) as { error?: { request_id?: string } }).error?.request_id : undefined;
      if (first !== undefined) reply.header('x-request-id', first);
    }
    return stored;
  };

  return async (op: RequestOp, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const ready = await prepare(request, op);
    if (!isJson) {
      const result = (await route.handler(op, ready.request)) as SseResponse | RawResponse;
      return result.kind === 'sse' ? context.sendSse(op, reply, result) : context.sendRaw(op, request, reply, result);
    }
    const header = remembers(route) ? request.headers['idempotency-key'] : undefined;
    const store = context.idempotency;
    const { status, body } =
      typeof header === 'string' && store !== undefined ? await remembered(op, ready, header, reply, store) : await answer(op, ready);
    return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(body);
  };
};
