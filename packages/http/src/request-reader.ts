import { Fault, notFound } from '@miosa/kernel';
import type { FastifyRequest } from 'fastify';
import { DEFAULT_BODY_LIMIT_BYTES, parseJson, readJsonBytes } from './body.ts';
import type { Cursors } from './cursor.ts';
import type { RequestOp } from './request-op.ts';
import type { RawRequest, Route } from './route.ts';
import { bodyFault, type Check, queryFault, type Validator } from './validation.ts';

const REST = /\{([a-z0-9_]+)\.\.\.\}$/i;

/** The router's spelling of a path: `/files/{path...}` → `/files/*`, `{id}` → `:id`. */
export const routerPath = (path: string): string =>
  path
    .replaceAll(':', '::')
    .replace(REST, '*')
    .replace(/\{([a-z0-9_]+)\}/gi, ':$1');

const JSON_WANTED = /\*\/\*|application\/(?:\*|json|[\w.-]+\+json)/i;
const SSE_WANTED = /\*\/\*|text\/(?:\*|event-stream)/i;

/** An `Accept` that no answer of this route can satisfy. Bytes have whatever type they have. */
const assertAcceptable = (accept: string | undefined, { response, alternatives = [] }: Route): void => {
  if (accept === undefined || response === 'raw' || response === 'websocket') return;
  const [wanted, type] = response === 'sse' ? [SSE_WANTED, 'text/event-stream'] : [JSON_WANTED, 'application/json'];
  if (wanted.test(accept) || alternatives.some((other) => accept.toLowerCase().includes(other))) return;
  throw new Fault('NOT_ACCEPTABLE', `This route answers ${[type, ...alternatives].join(', ')}.`);
};

const isStream = (contentType: string | undefined, { streamTypes }: Route): boolean =>
  streamTypes?.includes((contentType ?? '').replace(/;.*/s, '').trim().toLowerCase()) === true;

export interface ReadRequest {
  readonly request: RawRequest<unknown, Record<string, unknown>, unknown>;
  /** Of a JSON body; otherwise empty. */
  readonly bodyBytes: Buffer;
  /** Makes a list position opaque and bound to this route, organization and query. */
  readonly sealCursor: (position: string) => string;
}

const VALID: Check = () => [];
const EMPTY = Buffer.alloc(0);

/** Reads and checks path (404), query (400), and body (413, 415, 400, 422), in that order. */
export const createRequestReader = (route: Route, { validator, cursors }: { readonly validator: Validator; readonly cursors: Cursors }) => {
  const rest = REST.exec(route.path)?.[1];
  const hasJsonBody = route.body !== undefined && route.body !== 'raw';
  const checkParams = route.params === undefined ? VALID : validator.text(route.params, 'path');
  const checkQuery = route.query === undefined ? VALID : validator.text(route.query, 'query');
  const checkBody = hasJsonBody ? validator.body(route.body) : VALID;

  const readParams = (request: FastifyRequest): Record<string, string> => {
    const params = request.params as Record<string, string>;
    const named = rest === undefined ? params : { ...params, [rest]: params['*'] ?? '' };
    // Text that cannot name anything is absent, like any other unknown id.
    if (Object.values(named).some((value) => value.includes('\0')) || checkParams(named).length > 0) throw notFound();
    return named;
  };

  const readQuery = (request: FastifyRequest, op: RequestOp) => {
    const sent = request.query as Record<string, unknown>;
    const query = { ...sent };
    const errors = checkQuery(query);
    if (errors.length > 0) throw queryFault(errors);
    for (const [path, value] of Object.entries(query)) {
      if (String(value).includes('\0')) throw queryFault([{ path, message: 'must not contain NUL' }]);
    }
    const bound = { route: route.id, tenantId: op.actor.tenantId ?? '', query: sent };
    if (typeof query.cursor === 'string' && route.envelope === 'list') query.cursor = cursors.open(bound, query.cursor);
    return { query, sealCursor: (position: string) => cursors.seal(bound, position) };
  };

  const readBody = (bytes: Buffer): unknown => {
    const body = bytes.length === 0 ? {} : parseJson(bytes);
    const errors = checkBody(body);
    if (errors.length > 0) throw bodyFault(errors);
    return body;
  };

  return async (request: FastifyRequest, op: RequestOp): Promise<ReadRequest> => {
    const { raw, headers } = request;
    assertAcceptable(headers.accept, route);
    const params = readParams(request);
    const { query, sealCursor } = readQuery(request, op);
    if (isStream(headers['content-type'], route)) {
      const streamed = { params, query, body: {}, stream: raw, headers: headers as Record<string, string | undefined> };
      return { request: streamed, bodyBytes: EMPTY, sealCursor };
    }
    const bodyBytes = hasJsonBody ? await readJsonBytes(raw, headers, route.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES) : EMPTY;
    const body = hasJsonBody ? readBody(bodyBytes) : route.body === 'raw' ? raw : undefined;
    // Node keeps only `set-cookie` as a list, which means nothing in a request.
    return { request: { params, query, body, headers: headers as Record<string, string | undefined> }, bodyBytes, sealCursor };
  };
};
