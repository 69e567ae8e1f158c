import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Filters, Item } from '../wire.ts';
import type { ApiKey, AuditEntry, NewApiKey } from './access.ts';

export type AdminUser = Data<'admin.users.get'>;
export type AdminTenant = Data<'admin.tenants.get'>;

const usersApi = (t: Transport) => ({
  list: (filters?: Filters<'admin.users.list'>, options?: CallOptions): List<Item<'admin.users.list'>> =>
    t.list('/admin/users', filters, options),
  get: (id: string, options?: CallOptions): Promise<AdminUser> => t.data({ method: 'GET', path: path`/admin/users/${id}`, options }),
  update: (id: string, body: Body<'admin.users.update'>, options?: CallOptions): Promise<AdminUser> =>
    t.data({ method: 'PATCH', path: path`/admin/users/${id}`, body, options }),
  delete: (id: string, options?: CallOptions): Promise<Data<'admin.users.delete'>> =>
    t.data({ method: 'DELETE', path: path`/admin/users/${id}`, options }),
  /** Makes a user operator of the installation, or no longer; the last one stays. */
  role: (id: string, body: Body<'admin.users.role'>, options?: CallOptions): Promise<AdminUser> =>
    t.data({ method: 'POST', path: path`/admin/users/${id}/role`, body, options }),
  /** Sessions and keys stop within a second. */
  suspend: (id: string, body: Body<'admin.users.suspend'> = {}, options?: CallOptions): Promise<AdminUser> =>
    t.data({ method: 'POST', path: path`/admin/users/${id}/suspend`, body, options }),
  unsuspend: (id: string, options?: CallOptions): Promise<AdminUser> =>
    t.data({ method: 'POST', path: path`/admin/users/${id}/unsuspend`, options }),
  /** Ends all sessions; keys go on. */
  forceLogout: (id: string, options?: CallOptions): Promise<AdminUser> =>
    t.data({ method: 'POST', path: path`/admin/users/${id}/force-logout`, options }),
  /** Each user by itself: look at `results`. */
  bulk: (body: Body<'admin.users.bulk'>, options?: CallOptions): Promise<Data<'admin.users.bulk'>> =>
    t.data({ method: 'POST', path: '/admin/users/bulk', body, options }),
});

const tenantsApi = (t: Transport) => ({
  list: (filters?: Filters<'admin.tenants.list'>, options?: CallOptions): List<Item<'admin.tenants.list'>> =>
    t.list('/admin/tenants', filters, options),
  get: (id: string, options?: CallOptions): Promise<AdminTenant> => t.data({ method: 'GET', path: path`/admin/tenants/${id}`, options }),
  update: (id: string, body: Body<'admin.tenants.update'>, options?: CallOptions): Promise<AdminTenant> =>
    t.data({ method: 'PATCH', path: path`/admin/tenants/${id}`, body, options }),
  /** Destroys everything in it. */
  delete: (id: string, options?: CallOptions): Promise<Data<'admin.tenants.delete'>> =>
    t.data({ method: 'DELETE', path: path`/admin/tenants/${id}`, options }),
  /** Credentials get 403 within a second, sandboxes pause, data is kept. */
  suspend: (id: string, body: Body<'admin.tenants.suspend'> = {}, options?: CallOptions): Promise<AdminTenant> =>
    t.data({ method: 'POST', path: path`/admin/tenants/${id}/suspend`, body, options }),
  unsuspend: (id: string, options?: CallOptions): Promise<AdminTenant> =>
    t.data({ method: 'POST', path: path`/admin/tenants/${id}/unsuspend`, options }),
  plan: (id: string, body: Body<'admin.tenants.plan'>, options?: CallOptions): Promise<AdminTenant> =>
    t.data({ method: 'POST', path: path`/admin/tenants/${id}/plan`, body, options }),
});

const adminKeysApi = (t: Transport) => ({
  list: (filters?: Filters<'admin.apiKeys.list'>, options?: CallOptions): List<ApiKey> => t.list('/admin/api-keys', filters, options),
  /** Any type, for any organization; the plaintext is in the answer, once. */
  create: (body: Body<'admin.apiKeys.create'>, options?: CallOptions): Promise<NewApiKey> =>
    t.data({ method: 'POST', path: '/admin/api-keys', body, options }),
  /** Irreversible; enforced everywhere within a second. */
  revoke: (id: string, options?: CallOptions): Promise<ApiKey> => t.data({ method: 'DELETE', path: path`/admin/api-keys/${id}`, options }),
  /** Each key by itself: look at `results`. */
  bulkRevoke: (body: Body<'admin.apiKeys.bulkRevoke'>, options?: CallOptions): Promise<Data<'admin.apiKeys.bulkRevoke'>> =>
    t.data({ method: 'POST', path: '/admin/api-keys/bulk-revoke', body, options }),
  stats: (options?: CallOptions): Promise<Data<'admin.apiKeys.stats'>> => t.data({ method: 'GET', path: '/admin/api-keys/stats', options }),
});

/** For operators of the installation: users, organizations and keys, whoever they belong to. */
export const adminApi = (t: Transport) => ({
  users: usersApi(t),
  tenants: tenantsApi(t),
  apiKeys: adminKeysApi(t),
  /** Audit log of all organizations. */
  audit: (filters?: Filters<'admin.audit'>, options?: CallOptions): List<AuditEntry> => t.list('/admin/audit', filters, options),
  dashboard: (options?: CallOptions): Promise<Data<'admin.dashboard'>> => t.data({ method: 'GET', path: '/admin/dashboard', options }),
  stats: (options?: CallOptions): Promise<Data<'admin.stats'>> => t.data({ method: 'GET', path: '/admin/stats', options }),
  health: (options?: CallOptions): Promise<Data<'admin.health'>> => t.data({ method: 'GET', path: '/admin/health/detailed', options }),
});
