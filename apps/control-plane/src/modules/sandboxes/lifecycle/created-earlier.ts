import { earlierEffect, keepEffect, type Tx } from '@miosa/db';
import { Fault, type Op } from '@miosa/kernel';
import type { Ownership } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { findAny } from '../store.ts';
import type { SandboxRow } from '../types.ts';

export interface Created {
  readonly row: SandboxRow;
  readonly ownership: Ownership;
  /** It was there before this request, which asked for it by its name. */
  readonly existed?: true;
}

const EFFECT = 'sandboxes.create';

/** In the transaction that makes the sandbox: a repeat of the request after a crash finds it. */
export const keepCreated = (tx: Tx, op: Op, created: Created): Promise<Created> => keepEffect(tx, op, EFFECT, created);

/** The sandbox of an earlier run of this request, as it is now. One that failed to start does not count: the repeat makes another. */
export const createdEarlier = async (op: Op, core: Core): Promise<Created | undefined> => {
  const created = earlierEffect<Created>(op, EFFECT);
  const row = created === undefined ? undefined : await findAny(core.db.read, created.row.id);
  return created === undefined || row === undefined || row.state === 'error' ? undefined : { ...created, row };
};

/** The row once its boot has ended, which the process that began it brings about or, if that is gone, the jobs; after `ms` as it then is. */
export const bootedElsewhere = async (op: Op, core: Core, row: SandboxRow, ms: number): Promise<SandboxRow> => {
  const until = Date.now() + ms;
  let now = row;
  while (now.state === 'provisioning' && Date.now() < until && !op.signal.aborted) {
    await core.signals.changed(row.id, until - Date.now(), op.signal);
    now = (await findAny(core.db.read, row.id)) ?? now;
  }
  if (now.state !== 'error') return now;
  throw new Fault('UNAVAILABLE', 'The sandbox could not be started. Try again.', {
    details: { sandbox_id: row.id, state_reason: now.state_reason },
  });
};
