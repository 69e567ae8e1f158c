import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Item } from '../wire.ts';

export type Member = Item<'tenants.members.list'>;
export type Invite = Item<'tenants.invites.list'>;
/** With the link, which is shown this once. */
export type NewInvite = Data<'tenants.invites.create'>;

/** Of an organization (`/tenants`) or of a workspace (`/workspaces`), by its id. */
type Place = 'tenants' | 'workspaces';

export const membersApi = (t: Transport, place: Place) => ({
  list: (id: string, filters?: { readonly limit?: number }, options?: CallOptions): List<Member> =>
    t.list(`/${place}${path`/${id}/members`}`, filters, options),
  create: (id: string, body: Body<'tenants.members.create'>, options?: CallOptions): Promise<Member> =>
    t.data({ method: 'POST', path: `/${place}${path`/${id}/members`}`, body, options }),
  update: (id: string, userId: string, body: Body<'tenants.members.update'>, options?: CallOptions): Promise<Member> =>
    t.data({ method: 'PATCH', path: `/${place}${path`/${id}/members/${userId}`}`, body, options }),
  /** Also for leaving. What the user holds there ends within a second. */
  delete: (id: string, userId: string, options?: CallOptions): Promise<Data<'tenants.members.delete'>> =>
    t.data({ method: 'DELETE', path: `/${place}${path`/${id}/members/${userId}`}`, options }),
});

export const invitesOfApi = (t: Transport, place: Place) => ({
  list: (id: string, filters?: { readonly limit?: number }, options?: CallOptions): List<Invite> =>
    t.list(`/${place}${path`/${id}/invites`}`, filters, options),
  create: (id: string, body: Body<'tenants.invites.create'>, options?: CallOptions): Promise<NewInvite> =>
    t.data({ method: 'POST', path: `/${place}${path`/${id}/invites`}`, body, options }),
  delete: (id: string, inviteId: string, options?: CallOptions): Promise<Data<'tenants.invites.delete'>> =>
    t.data({ method: 'DELETE', path: `/${place}${path`/${id}/invites/${inviteId}`}`, options }),
});

/** For those who were invited. */
export const invitesApi = (t: Transport) => ({
  get: (token: string, options?: CallOptions): Promise<Data<'invites.get'>> =>
    t.data({ method: 'GET', path: path`/invites/${token}`, options, public: true }),
  accept: (token: string, options?: CallOptions): Promise<Data<'invites.accept'>> =>
    t.data({ method: 'POST', path: path`/invites/${token}/accept`, options }),
});
