import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Item } from '../wire.ts';

export type Port = Item<'sandboxes.ports.list'>;
export type Preview = Data<'sandboxes.previews.get'>;
export type PreviewToken = Data<'sandboxes.previewToken'>;
export type Share = Data<'sandboxes.shares.create'>;
export type EnvVariable = Item<'sandboxes.env.list'>;

export const portsApi = (t: Transport) => ({
  /** What listens now. */
  list: (id: string, options?: CallOptions): List<Port> => t.list(path`/sandboxes/${id}/ports`, undefined, options),
});

export const previewsApi = (t: Transport) => ({
  list: (id: string, options?: CallOptions): List<Preview> => t.list(path`/sandboxes/${id}/previews`, undefined, options),
  get: (id: string, previewId: string, options?: CallOptions): Promise<Preview> =>
    t.data({ method: 'GET', path: path`/sandboxes/${id}/previews/${previewId}`, options }),
  update: (id: string, previewId: string, body: Body<'sandboxes.previews.update'>, options?: CallOptions): Promise<Preview> =>
    t.data({ method: 'PATCH', path: path`/sandboxes/${id}/previews/${previewId}`, body, options }),
  /** The port is private again. */
  delete: (id: string, previewId: string, options?: CallOptions): Promise<Data<'sandboxes.previews.delete'>> =>
    t.data({ method: 'DELETE', path: path`/sandboxes/${id}/previews/${previewId}`, options }),
});

export const sharesApi = (t: Transport) => ({
  /** A link that anyone may open; without `expiresIn` it never ends by itself. */
  create: (id: string, body: Body<'sandboxes.shares.create'> = {}, options?: CallOptions): Promise<Share> =>
    t.data({ method: 'POST', path: path`/sandboxes/${id}/shares`, body, options }),
  list: (id: string, options?: CallOptions): List<Item<'sandboxes.shares.list'>> =>
    t.list(path`/sandboxes/${id}/shares`, undefined, options),
  /** By share id or by its token; visitors are out within a second. */
  revoke: (id: string, share: string, options?: CallOptions): Promise<Data<'sandboxes.shares.revoke'>> =>
    t.data({ method: 'DELETE', path: path`/sandboxes/${id}/shares/${share}`, options }),
});

export const envApi = (t: Transport) => ({
  list: (id: string, options?: CallOptions): List<EnvVariable> => t.list(path`/sandboxes/${id}/env`, undefined, options),
  set: (id: string, body: Body<'sandboxes.env.set'>, options?: CallOptions): Promise<Data<'sandboxes.env.set'>> =>
    t.data({ method: 'PUT', path: path`/sandboxes/${id}/env`, body, options }),
  delete: (id: string, key: string, options?: CallOptions): Promise<Data<'sandboxes.env.delete'>> =>
    t.data({ method: 'DELETE', path: path`/sandboxes/${id}/env/${key}`, options }),
});
