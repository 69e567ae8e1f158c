import type { Readable } from 'node:stream';
import type { BrowserPermission, ErrorCode, Op, Role } from '@miosa/kernel';
import type { Static, TSchema } from 'typebox';

/**
 * Who may call an operation, as data: the pipeline enforces it, OpenAPI publishes it, the authorization matrix is generated from it.
 * `scope: null` = any valid credential.
 */
export type Access =
  | 'public'
  | {
      /** Needed by keys, e.g. `sandboxes:write`; `:write` implies `:read`. */
      readonly scope: string | null;
      /** `jwt`: no API key is accepted (tenant administration). Default: keys and JWTs. */
      readonly credentials?: 'any' | 'jwt';
      /** Least organization role of a JWT caller. Default `viewer` for GET, `member` otherwise. */
      readonly minRole?: Role;
      /** `workspace`: the role counts in the workspace that the path names; members of the organization may have it there. */
      readonly roleIn?: 'workspace';
      /** `false` refuses `msk_u_` keys. Default true. */
      readonly userKeys?: boolean;
      /** Only operators: `msk_a_`, `msk_p_`, operator JWT. */
      readonly operator?: true;
      /** Permission that opens the route to a browser token inside its boundary; `any`: whatever it may (enforced by the access module). */
      readonly browser?: BrowserPermission | 'any';
    };

export interface RawRequest<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  /** Parsed JSON, or with `body: 'raw'` the unread stream. */
  readonly body: B;
  /** The unread body of a media type of `streamTypes`; `body` is empty and unchecked then. */
  readonly stream?: Readable;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A list page; rendered as `{data, next_cursor, ...siblings}`. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  readonly siblings?: Readonly<Record<string, unknown>>;
}

/** Bytes passed through with constant memory. */
export interface RawResponse {
  readonly kind: 'raw';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable | Buffer | string;
}

export interface SseEvent {
  /** Event name; repeated as `data.type` by the renderer. */
  readonly type: string;
  readonly id?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where a stream is, for `Last-Event-ID`: clients keep it and show nothing. */
export interface SsePosition {
  readonly kind: 'position';
  readonly id: string;
}

/** What a handler of `response: 'sse'` returns. The kit adds headers and heartbeats; a throw becomes an `error` event. */
export interface SseResponse {
  readonly kind: 'sse';
  readonly events: AsyncIterable<SseEvent | SsePosition>;
}

/** The server's end of an open WebSocket. */
export interface WebSocketPeer {
  /** Bytes as a binary frame, text as a text frame. A promise: wait for it before more is sent (it never rejects). */
  send(data: Uint8Array | string): Promise<void> | undefined;
  /** Codes of contract 1.10 (`CLOSE`). Nothing is delivered any more. */
  close(code: number, reason?: string): void;
}

export interface WebSocketHandlers {
  /** Bytes of a binary frame, or the text of a text frame. No further frame is read while a returned promise is pending. */
  message(data: Buffer | string): Promise<void> | undefined;
  /** The exchange is over, by whichever side; called once. */
  closed(): void;
}

/**
 * What a handler of `response: 'websocket'` returns: its work so far may still refuse with a status; `open` is called after the handshake.
 * What it holds open must end with `op.signal`, which also fires when no handshake came about.
 */
export interface WebSocketResponse {
  readonly kind: 'websocket';
  readonly open: (peer: WebSocketPeer) => WebSocketHandlers;
}

/** Overrides the declared status (e.g. 200 instead of 201 for an existing object). */
export interface WithStatus<T> {
  readonly kind: 'status';
  readonly status: number;
  readonly data: T;
}

// Words before schemas: `TSchema` is an open type that a string satisfies too.
type BodyOf<B> = B extends 'raw' ? Readable : B extends TSchema ? Static<B> : undefined;
type ParamsOf<P> = P extends TSchema ? Static<P> : Record<string, string>;
type QueryOf<Q> = Q extends TSchema ? Static<Q> : Record<string, string | undefined>;
type ResultOf<R, E> = R extends 'sse'
  ? SseResponse
  : R extends 'websocket'
    ? WebSocketResponse
    : R extends 'raw'
      ? RawResponse
      : R extends TSchema
        ? E extends 'list'
          ? Page<Static<R>> | RawResponse
          : Static<R> | WithStatus<Static<R>>
        : never;

export interface RouteSpec<
  P extends TSchema | undefined,
  Q extends TSchema | undefined,
  B extends TSchema | 'raw' | undefined,
  R extends TSchema | 'raw' | 'sse' | 'websocket',
  E extends 'data' | 'list' | 'bare',
> {
  /** Operation id = SDK call = CLI command, e.g. `sandboxes.create`. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base path, OpenAPI style: `/sandboxes/{id}/exec`. A trailing `/{path...}` takes the rest of the path. */
  readonly path: string;
  /** Further paths that serve the same operation; documents and SDKs show `path` alone (contract 7). */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  /**
   * A bucket of its own besides those of every call (contract 1.6): `auth` per address, for what takes passwords; `publish` per organization;
   * `signed` of a public route whose handler verifies a signature: what it refuses counts as a failed authentication.
   */
  readonly bucket?: 'auth' | 'publish' | 'signed';
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Default 1 MiB for JSON; raw bodies are not buffered and checked by their handler. */
  readonly bodyLimitBytes?: number;
  /** Further media types, beside JSON, of which the handler gets the unread body as `stream`. With one, no `Idempotency-Key` is honoured. */
  readonly streamTypes?: readonly string[];
  /** Schema of one object; `list` wraps it in a page, `bare` sends it without `{data}`. `websocket` routes are GETs that open one. */
  readonly response: R;
  readonly envelope?: E;
  /** Further media types a handler may answer a fitting `Accept` with, as a `RawResponse` (exports). */
  readonly alternatives?: readonly string[];
  /** Default 200. */
  readonly status?: number;
  /** Beyond those every route can give. */
  readonly errors?: readonly ErrorCode[];
  /** Absent from OpenAPI; reachable only on the internal socket. */
  readonly internal?: boolean;
  /**
   * Begins to read what the handler will need, beside the check of the `Idempotency-Key`. The handler may not run after it (a replay): it has no
   * effect, throws nothing and is not waited for.
   */
  readonly ahead?: (op: Op, request: RawRequest<ParamsOf<P>, QueryOf<Q>, BodyOf<B>>) => void;
  readonly handler: (op: Op, request: RawRequest<ParamsOf<P>, QueryOf<Q>, BodyOf<B>>) => Promise<ResultOf<R, E>>;
}

/** A declared route with its types erased; what modules hand to the composition root. */
// biome-ignore lint/suspicious/noExplicitAny: variance of the handler; `defineRoute` checked it.
export type Route = RouteSpec<any, any, any, any, any>;

/** Declares a route. The declaration is the single source of validation, OpenAPI, SDK names, scope check and audit names. */
export const defineRoute = <
  P extends TSchema | undefined = undefined,
  Q extends TSchema | undefined = undefined,
  B extends TSchema | 'raw' | undefined = undefined,
  R extends TSchema | 'raw' | 'sse' | 'websocket' = 'raw',
  E extends 'data' | 'list' | 'bare' = 'data',
>(
  spec: RouteSpec<P, Q, B, R, E>,
): Route => spec;

/** The least role that opens a route, whether declared or by its method. */
export const leastRoleOf = ({ access, method }: Pick<Route, 'access' | 'method'>): Role => {
  const declared = access === 'public' ? undefined : (access as Exclude<Access, 'public'>).minRole;
  return declared ?? (method === 'GET' ? 'viewer' : 'member');
};

export const withStatus = <T>(status: number, data: T): WithStatus<T> => ({ kind: 'status', status, data });
export const sse = (events: AsyncIterable<SseEvent | SsePosition>): SseResponse => ({ kind: 'sse', events });
export const websocket = (open: WebSocketResponse['open']): WebSocketResponse => ({ kind: 'websocket', open });
export const raw = (body: RawResponse['body'], headers: Record<string, string>, status = 200): RawResponse => ({
  kind: 'raw',
  status,
  headers,
  body,
});
