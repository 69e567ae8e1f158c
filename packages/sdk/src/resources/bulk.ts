import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data } from '../wire.ts';

export type BulkOperation = Data<'bulk.get'>;
type Which = Body<'bulk.sandboxes.pause'>;
type Accepted = Data<'bulk.sandboxes.pause'>;

const act =
  (t: Transport, verb: 'pause' | 'resume' | 'destroy') =>
  (which: Which, options?: CallOptions): Promise<Accepted> =>
    t.data({ method: 'POST', path: `/bulk/sandboxes/${verb}`, body: which, options });

/** Up to 500 sandboxes at once, by `ids` or by `filter`, in the background; `get` says how far it is and what failed. */
export const bulkApi = (t: Transport) => ({
  sandboxes: { pause: act(t, 'pause'), resume: act(t, 'resume'), destroy: act(t, 'destroy') },
  get: (id: string, options?: CallOptions): Promise<BulkOperation> => t.data({ method: 'GET', path: path`/bulk/${id}`, options }),
});
