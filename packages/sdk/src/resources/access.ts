import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Bare, Body, Data, Filters, Item } from '../wire.ts';

export type Session = Bare<'auth.login'>;
export type DeviceCodes = Data<'auth.cli.start'>;
export type SseTicket = Bare<'auth.sseTicket'>;
export type Identity = Data<'auth.me'>;
export type ApiKey = Data<'apiKeys.get'>;
/** A key with its plaintext: the only time it is shown. */
export type NewApiKey = Data<'apiKeys.create'>;
export type AuditEntry = Item<'audit.list'>;
export type AuditVerdict = Data<'audit.verify'>;

const passwordApi = (t: Transport) => ({
  /** A mail with a link, if there is such an account; the answer does not say. */
  forgot: (body: Body<'auth.password.forgot'>, options?: CallOptions): Promise<Data<'auth.password.forgot'>> =>
    t.data({ method: 'POST', path: '/auth/password/forgot', body, options, public: true }),
  /** Uses up the token of that link; all sessions end. */
  reset: (body: Body<'auth.password.reset'>, options?: CallOptions): Promise<Data<'auth.password.reset'>> =>
    t.data({ method: 'POST', path: '/auth/password/reset', body, options, public: true }),
});

/** Login of a program without a browser: show `userCode`, then poll `token` until it stops answering `authorization_pending`. */
const cliApi = (t: Transport) => ({
  start: (body: Body<'auth.cli.start'> = {}, options?: CallOptions): Promise<DeviceCodes> =>
    t.data({ method: 'POST', path: '/auth/cli/start', body, options, public: true }),
  approve: (body: Body<'auth.cli.approve'>, options?: CallOptions): Promise<Data<'auth.cli.approve'>> =>
    t.data({ method: 'POST', path: '/auth/cli/approve', body, options }),
  token: (body: Body<'auth.cli.token'>, options?: CallOptions): Promise<Data<'auth.cli.token'>> =>
    t.data({ method: 'POST', path: '/auth/cli/token', body, options, public: true }),
});

export const authApi = (t: Transport) => ({
  /** An account, with an organization of its own or, with `inviteToken`, in the one that invited. */
  register: (body: Body<'auth.register'>, options?: CallOptions): Promise<Session> =>
    t.bare({ method: 'POST', path: '/auth/register', body, options, public: true }),
  /** E-mail and password for a JWT pair. */
  login: (body: Body<'auth.login'>, options?: CallOptions): Promise<Session> =>
    t.bare({ method: 'POST', path: '/auth/login', body, options, public: true }),
  /** A new pair for a refresh token, which is used up by it. */
  refresh: (body: Body<'auth.refresh'>, options?: CallOptions): Promise<Session> =>
    t.bare({ method: 'POST', path: '/auth/refresh', body, options, public: true }),
  logout: (body: Body<'auth.logout'> = {}, options?: CallOptions): Promise<Data<'auth.logout'>> =>
    t.data({ method: 'POST', path: '/auth/logout', body, options }),
  /** A single-use ticket for `EventSource`, which sends no headers: append `?ticket=` to the stream's address within 60 s. */
  sseTicket: (body: Body<'auth.sseTicket'> = {}, options?: CallOptions): Promise<SseTicket> =>
    t.bare({ method: 'POST', path: '/auth/sse-ticket', body, options }),
  /** Who this credential is. */
  me: Object.assign((options?: CallOptions): Promise<Identity> => t.data({ method: 'GET', path: '/auth/me', options }), {
    update: (body: Body<'auth.me.update'>, options?: CallOptions): Promise<Data<'auth.me.update'>> =>
      t.data({ method: 'PATCH', path: '/auth/me', body, options }),
  }),
  /** Changes the own password; all other sessions end. */
  password: Object.assign(
    (body: Body<'auth.password'>, options?: CallOptions): Promise<Data<'auth.password'>> =>
      t.data({ method: 'POST', path: '/auth/password', body, options }),
    passwordApi(t),
  ),
  cli: cliApi(t),
});

export const apiKeysApi = (t: Transport) => ({
  list: (filters?: Filters<'apiKeys.list'>, options?: CallOptions): List<ApiKey> => t.list('/api-keys', filters, options),
  create: (body: Body<'apiKeys.create'>, options?: CallOptions): Promise<NewApiKey> =>
    t.data({ method: 'POST', path: '/api-keys', body, options }),
  get: (id: string, options?: CallOptions): Promise<ApiKey> => t.data({ method: 'GET', path: path`/api-keys/${id}`, options }),
  update: (id: string, body: Body<'apiKeys.update'>, options?: CallOptions): Promise<ApiKey> =>
    t.data({ method: 'PATCH', path: path`/api-keys/${id}`, body, options }),
  /** A successor with the same rights; the old key works for `graceSeconds` more (default 0). */
  rotate: (id: string, body: Body<'apiKeys.rotate'> = {}, options?: CallOptions): Promise<NewApiKey> =>
    t.data({ method: 'POST', path: path`/api-keys/${id}/rotate`, body, options }),
  /** Irreversible; enforced everywhere within a second. */
  revoke: (id: string, options?: CallOptions): Promise<Data<'apiKeys.revoke'>> =>
    t.data({ method: 'DELETE', path: path`/api-keys/${id}`, options }),
});

export const auditApi = (t: Transport) => ({
  list: (filters?: Filters<'audit.list'>, options?: CallOptions): List<AuditEntry> => t.list('/audit', filters, options),
  /** All matching entries as bytes, in constant memory. */
  export: async (
    format: 'ndjson' | 'csv',
    filters?: Omit<Filters<'audit.list'>, 'limit'>,
    options?: CallOptions,
  ): Promise<ReadableStream<Uint8Array>> => {
    const accept = format === 'csv' ? 'text/csv' : 'application/x-ndjson';
    const { body } = await t.response({ method: 'GET', path: '/audit', query: filters, headers: { accept }, options });
    return body ?? new Blob([]).stream();
  },
  /** Is the log whole and unchanged? Walks its hash chain from the oldest entry kept. */
  verify: (options?: CallOptions): Promise<AuditVerdict> => t.data({ method: 'GET', path: '/audit/verify', options }),
});
