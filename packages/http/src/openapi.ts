import type { ErrorCode } from '@miosa/kernel';
import { ERROR_CODES } from '@miosa/kernel';
import { componentCollector, type Json } from './openapi-schemas.ts';
import type { Route } from './route.ts';
import { statusOf } from './status.ts';

export interface OpenApiInfo {
  readonly version: string;
  /** Origin of the API; without it the document names only the base path, so that the committed file is the same everywhere. */
  readonly apiUrl?: string;
}

/** Contract 0: errors every route can give. */
const EVERYWHERE: readonly ErrorCode[] = ['BAD_REQUEST', 'NOT_FOUND', 'VALIDATION_ERROR', 'RATE_LIMITED', 'INTERNAL', 'UNAVAILABLE'];
const WITH_CREDENTIAL: readonly ErrorCode[] = ['UNAUTHORIZED', 'FORBIDDEN'];
const METHOD_ORDER = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'];

const errorCodesOf = (route: Route): ErrorCode[] => {
  const own = [...EVERYWHERE, ...(route.access === 'public' ? [] : WITH_CREDENTIAL), ...(route.errors ?? [])];
  if (remembers(route)) own.push('IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED');
  if (route.body !== undefined && route.body !== 'raw') own.push('PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE');
  return ERROR_CODES.filter((code) => own.includes(code));
};

/** Does the route honour `Idempotency-Key`? JSON answers to an authenticated POST (contract 1.4). */
export const remembers = ({ method, response, body, access, internal }: Route): boolean =>
  method === 'POST' &&
  response !== 'raw' &&
  response !== 'sse' &&
  response !== 'websocket' &&
  body !== 'raw' &&
  access !== 'public' &&
  internal !== true;

const parameters = (route: Route, schemaOf: (schema: unknown) => Json): Json[] => {
  const names = [...route.path.matchAll(/\{([a-z0-9_]+)(\.\.\.)?\}/gi)];
  const known = (route.params?.properties ?? {}) as Record<string, unknown>;
  const path = names.map(([, name = '', rest]) => ({
    name,
    in: 'path',
    required: true,
    schema: schemaOf(known[name] ?? { type: 'string' }),
    ...(rest === undefined ? {} : { description: 'The rest of the path, slashes included.', 'x-miosa-rest': true }),
  }));
  const required: readonly string[] = route.query?.required ?? [];
  const query = Object.entries((route.query?.properties ?? {}) as Record<string, { description?: string; default?: unknown }>).map(
    ([name, schema]) => ({
      name,
      in: 'query',
      // With a default the server fills it in: nobody has to send it.
      required: required.includes(name) && schema.default === undefined,
      ...(schema.description === undefined ? {} : { description: schema.description }),
      schema: schemaOf(schema),
    }),
  );
  const header = remembers(route) ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : [];
  return [...path, ...query, ...header];
};

const success = ({ response, envelope = 'data' }: Route, schemaOf: (schema: unknown) => Json): Json => {
  if (response === 'sse') return { 'text/event-stream': { schema: { type: 'string' } } };
  if (response === 'raw') return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  const one = schemaOf(response);
  if (envelope === 'bare') return { 'application/json': { schema: one } };
  const properties =
    envelope === 'data' ? { data: one } : { data: { type: 'array', items: one }, next_cursor: { type: ['string', 'null'] } };
  return { 'application/json': { schema: { type: 'object', required: Object.keys(properties), properties } } };
};

const alternatives = ({ alternatives = [] }: Route): Json =>
  Object.fromEntries(alternatives.map((type) => [type, { schema: { type: 'string' } }]));

const streams = ({ streamTypes = [] }: Route): Json =>
  Object.fromEntries(streamTypes.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]));

/** A body without the requirement to send what has a default: the server fills it in. */
const requestSchema = (body: { readonly required?: string[]; readonly properties?: Record<string, { default?: unknown }> }) => {
  const required = (body.required ?? []).filter((name) => body.properties?.[name]?.default === undefined);
  return required.length === (body.required ?? []).length ? body : { ...body, required };
};

const operation = (route: Route, schemaOf: (schema: unknown) => Json): Json => {
  const codes = errorCodesOf(route);
  const statuses = [...new Set(codes.map(statusOf))].sort((a, b) => a - b);
  const requestBody =
    route.body === undefined
      ? {}
      : route.body === 'raw'
        ? { requestBody: { required: true, content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } } }
        : {
            requestBody: {
              required: (requestSchema(route.body).required ?? []).length > 0,
              content: { 'application/json': { schema: schemaOf(requestSchema(route.body)) }, ...streams(route) },
            },
          };
  return {
    operationId: route.id,
    tags: [route.id.slice(0, route.id.lastIndexOf('.'))],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: route.access === 'public' ? [] : [{ apiKey: [] }, { accessToken: [] }],
    parameters: parameters(route, schemaOf),
    ...requestBody,
    responses: {
      ...(route.response === 'websocket'
        ? { 101: { description: 'A WebSocket.' } }
        : { [route.status ?? 200]: { description: route.summary, content: { ...success(route, schemaOf), ...alternatives(route) } } }),
      ...Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/Error${status}` }])),
    },
    'x-miosa-access': route.access,
    'x-miosa-errors': codes,
    ...(route.response === 'websocket' ? { 'x-miosa-websocket': true } : {}),
  };
};

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'request_id'],
      properties: {
        code: { type: 'string', enum: ERROR_CODES },
        message: { type: 'string', description: 'What happened and what to do.' },
        request_id: { type: 'string' },
        details: { type: 'object' },
      },
    },
  },
};

const errorResponses = (): Json => {
  const byStatus = Map.groupBy(ERROR_CODES, statusOf);
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  return Object.fromEntries(
    [...byStatus].sort(([a], [b]) => a - b).map(([status, codes]) => [`Error${status}`, { description: codes.join(', '), content }]),
  );
};

/** The OpenAPI 3.1 document of the public routes. The order is that of names, so a diff shows only what changed. */
export const emitOpenApi = (routes: readonly Route[], { version, apiUrl = '' }: OpenApiInfo): object => {
  const components = componentCollector();
  const paths: Record<string, Record<string, Json>> = {};
  const ids = new Set<string>();
  const sorted = routes
    .filter((route) => route.internal !== true)
    .toSorted((a, b) => METHOD_ORDER.indexOf(a.method) - METHOD_ORDER.indexOf(b.method));
  for (const route of sorted) {
    const path = route.path.replaceAll('...}', '}');
    const method = route.method.toLowerCase();
    if (ids.has(route.id) || paths[path]?.[method] !== undefined)
      throw new Error(`Route ${route.id} (${route.method} ${path}) is declared twice.`);
    ids.add(route.id);
    paths[path] = { ...paths[path], [method]: operation(route, components.schemaOf) };
  }
  const byName = <T>(record: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    openapi: '3.1.0',
    info: { title: 'MIOSA API', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: `${apiUrl}/api/v1` }],
    paths: byName(paths),
    components: {
      schemas: byName({ ...components.schemas, Error: ERROR_SCHEMA }),
      responses: errorResponses(),
      parameters: {
        IdempotencyKey: {
          name: 'Idempotency-Key',
          in: 'header',
          required: false,
          description: 'Repeating the call with the same key and body within 24 hours returns the first answer.',
          schema: { type: 'string', minLength: 1, maxLength: 255 },
        },
      },
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'API key `msk_…`; only from a server.' },
        accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Access token of a logged-in user.' },
      },
    },
  };
};
