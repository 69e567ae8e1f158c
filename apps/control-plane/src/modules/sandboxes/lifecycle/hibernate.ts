import type { Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { settle } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { auditSandbox } from './audit.ts';
import { fenceOf } from './effects.ts';
import { hostFault } from './faults.ts';
import { recorded } from './patience.ts';

/** Ends the processes of a paused sandbox, whose memory goes back to the host; its files stay. Repeatable after a crash at any point. */
export const carryOutHibernate = async (op: Op, core: Core, claimed: SandboxRow): Promise<SandboxRow | undefined> => {
  const fence = fenceOf(claimed);
  try {
    await core.runtime.stop(claimed.id);
  } catch (error) {
    await settle(core.db.read, claimed.id, fence, { updated_at: core.now() });
    throw hostFault(error, 'The sandbox could not be hibernated');
  }
  return recorded(core, () =>
    core.db.tx(op, 'sandboxes.hibernate', async (tx) => {
      const row = await settle(tx, claimed.id, fence, { resume_keeps: 'files', updated_at: core.now() });
      if (row !== undefined) await auditSandbox(tx, op, 'sandboxes.hibernate', row);
      return row;
    }),
  );
};
