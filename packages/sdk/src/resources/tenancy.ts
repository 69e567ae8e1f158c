import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Filters, Item, Query } from '../wire.ts';
import { invitesOfApi, membersApi } from './members.ts';

export type Tenant = Data<'platform.tenants.current'>;
export type Workspace = Data<'workspaces.get'>;
export type Project = Data<'projects.get'>;

export const platformApi = (t: Transport) => ({
  tenants: {
    /** The organization of this credential; `setupRequired` says whether its name must be set first. */
    current: (options?: CallOptions): Promise<Tenant> => t.data({ method: 'GET', path: '/platform/tenants/current', options }),
    list: (options?: CallOptions): List<Item<'platform.tenants.list'>> => t.list('/platform/tenants', undefined, options),
    /** Another organization; the caller owns it. */
    create: (body: Body<'platform.tenants.create'>, options?: CallOptions): Promise<Tenant> =>
      t.data({ method: 'POST', path: '/platform/tenants', body, options }),
    /** Tokens for another organization of the user, by id or slug. */
    switch: (id: string, options?: CallOptions): Promise<Data<'platform.tenants.switch'>> =>
      t.data({ method: 'POST', path: path`/platform/tenants/${id}/switch`, options }),
  },
});

export const tenantsApi = (t: Transport) => ({
  /** Sets the permanent name; the slug follows from it. Once. */
  set: (id: string, body: Body<'tenants.set'>, options?: CallOptions): Promise<Tenant> =>
    t.data({ method: 'PUT', path: path`/tenants/${id}`, body, options }),
  /** Destroys everything in it. `confirm`: its slug. */
  delete: (id: string, query: Query<'tenants.delete'>, options?: CallOptions): Promise<Data<'tenants.delete'>> =>
    t.data({ method: 'DELETE', path: path`/tenants/${id}`, query, options }),
  transferOwnership: (id: string, body: Body<'tenants.transferOwnership'>, options?: CallOptions): Promise<Tenant> =>
    t.data({ method: 'POST', path: path`/tenants/${id}/transfer-ownership`, body, options }),
  members: membersApi(t, 'tenants'),
  invites: invitesOfApi(t, 'tenants'),
});

export const tenantApi = (t: Transport) => ({
  plan: {
    /** Limits of the organization's plan, and what it uses. */
    get: (options?: CallOptions): Promise<Data<'tenant.plan.get'>> => t.data({ method: 'GET', path: '/tenant/plan', options }),
  },
});

export const workspacesApi = (t: Transport) => ({
  list: (filters?: Filters<'workspaces.list'>, options?: CallOptions): List<Workspace> => t.list('/workspaces', filters, options),
  /** A known `externalWorkspaceId` answers with the workspace it belongs to. */
  create: (body: Body<'workspaces.create'>, options?: CallOptions): Promise<Workspace> =>
    t.data({ method: 'POST', path: '/workspaces', body, options }),
  get: (id: string, options?: CallOptions): Promise<Workspace> => t.data({ method: 'GET', path: path`/workspaces/${id}`, options }),
  update: (id: string, body: Body<'workspaces.update'>, options?: CallOptions): Promise<Workspace> =>
    t.data({ method: 'PATCH', path: path`/workspaces/${id}`, body, options }),
  /** With `force`, everything inside is destroyed first. */
  delete: (id: string, query?: Query<'workspaces.delete'>, options?: CallOptions): Promise<Data<'workspaces.delete'>> =>
    t.data({ method: 'DELETE', path: path`/workspaces/${id}`, query, options }),
  stats: (id: string, options?: CallOptions): Promise<Data<'workspaces.stats'>> =>
    t.data({ method: 'GET', path: path`/workspaces/${id}/stats`, options }),
  members: membersApi(t, 'workspaces'),
  invites: invitesOfApi(t, 'workspaces'),
  settings: {
    set: (id: string, body: Body<'workspaces.settings.set'>, options?: CallOptions): Promise<Workspace> =>
      t.data({ method: 'PUT', path: path`/workspaces/${id}/settings`, body, options }),
  },
});

export const projectsApi = (t: Transport) => ({
  list: (filters?: Filters<'projects.list'>, options?: CallOptions): List<Project> => t.list('/projects', filters, options),
  create: (body: Body<'projects.create'>, options?: CallOptions): Promise<Project> =>
    t.data({ method: 'POST', path: '/projects', body, options }),
  get: (id: string, options?: CallOptions): Promise<Project> => t.data({ method: 'GET', path: path`/projects/${id}`, options }),
  update: (id: string, body: Body<'projects.update'>, options?: CallOptions): Promise<Project> =>
    t.data({ method: 'PATCH', path: path`/projects/${id}`, body, options }),
  delete: (id: string, query?: Query<'projects.delete'>, options?: CallOptions): Promise<Data<'projects.delete'>> =>
    t.data({ method: 'DELETE', path: path`/projects/${id}`, query, options }),
});
