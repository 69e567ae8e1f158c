import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Filters, Item } from '../wire.ts';

export type NetworkPolicy = Data<'sandboxes.networkPolicy.get'>;
export type BlockedTraffic = Item<'sandboxes.networkPolicy.blocked'>;

export const networkPolicyApi = (t: Transport) => ({
  /** The sandbox's own; policies of project, workspace, organization and operator must allow as well. */
  get: (id: string, options?: CallOptions): Promise<NetworkPolicy> =>
    t.data({ method: 'GET', path: path`/sandboxes/${id}/network-policy`, options }),
  /** In force when it resolves: for new connections, and for those that exist. */
  set: (id: string, body: Body<'sandboxes.networkPolicy.set'>, options?: CallOptions): Promise<NetworkPolicy> =>
    t.data({ method: 'PUT', path: path`/sandboxes/${id}/network-policy`, body, options }),
  delete: (id: string, options?: CallOptions): Promise<Data<'sandboxes.networkPolicy.delete'>> =>
    t.data({ method: 'DELETE', path: path`/sandboxes/${id}/network-policy`, options }),
  /** What was stopped, newest first; about an hour of it is kept. */
  blocked: (id: string, query?: Filters<'sandboxes.networkPolicy.blocked'>, options?: CallOptions): List<BlockedTraffic> =>
    t.list(path`/sandboxes/${id}/network-policy/blocked`, query, options),
});
