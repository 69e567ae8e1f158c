import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Filters } from '../wire.ts';

export type Snapshot = Data<'sandboxes.snapshots.get'>;

/** Files of a sandbox at one instant. They outlive it, until they are deleted or their time is over. */
export const snapshotsApi = (t: Transport) => ({
  /** Of a running or paused sandbox, which stays what it is. */
  create: (id: string, body: Body<'sandboxes.snapshots.create'> = {}, options?: CallOptions): Promise<Snapshot> =>
    t.data({
      method: 'POST',
      path: path`/sandboxes/${id}/snapshots`,
      body,
      options,
      serverTimeMs: body.wait === false ? 0 : (body.waitSeconds ?? 60) * 1000,
    }),
  list: (id: string, filters?: Filters<'sandboxes.snapshots.list'>, options?: CallOptions): List<Snapshot> =>
    t.list(path`/sandboxes/${id}/snapshots`, filters, options),
  get: (id: string, snapshotId: string, options?: CallOptions): Promise<Snapshot> =>
    t.data({ method: 'GET', path: path`/sandboxes/${id}/snapshots/${snapshotId}`, options }),
  /** What was made from it keeps its files. */
  delete: (id: string, snapshotId: string, options?: CallOptions): Promise<Data<'sandboxes.snapshots.delete'>> =>
    t.data({ method: 'DELETE', path: path`/sandboxes/${id}/snapshots/${snapshotId}`, options }),
});
