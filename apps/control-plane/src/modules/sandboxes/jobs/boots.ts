import { Fault } from '@miosa/kernel';
import type { RuntimeInstance, RuntimeState } from '@miosa/runtime';
import { type Core, systemOp } from '../deps.ts';
import { pushEnvironment } from '../env/push.ts';
import { ensureStarted } from '../exec/start.ts';
import { failBoot, markBooted } from '../lifecycle/create.ts';
import type { SandboxRow } from '../types.ts';
import { bootingBefore } from './store.ts';

/** Whoever boots a machine writes its row within milliseconds of its being ready. */
const READY_UNNOTICED_MS = 3000;
/** Whoever boots a machine asks the host at once, and again for ten seconds while that is away. */
const NOT_ASKED_FOR_MS = 15_000;

/**
 * Boots whose process has died, noticed long before their deadline: the machine is ready and nobody says so, or the host knows nothing
 * of it. `states` are the machines the host listed after `asked`.
 */
export const endLostBoots = async (core: Core, states: ReadonlyMap<string, RuntimeState>, asked: Date): Promise<void> => {
  for (const row of await bootingBefore(core.db.read, new Date(asked.getTime() - READY_UNNOTICED_MS))) {
    const isOld = row.created_at.getTime() < asked.getTime() - NOT_ASKED_FOR_MS;
    if (states.get(row.id) === 'running' || isOld) await endBoot(core, row, states.has(row.id) ? 'boot_timeout' : 'boot_lost');
  }
};

/** A boot whose process died: the machine may be there (`create` resolves command-ready, so then it is usable) or not. */
export const endBoot = async (core: Core, row: SandboxRow, reason: 'boot_timeout' | 'boot_lost'): Promise<void> => {
  const instance: RuntimeInstance | null = await core.runtime.inspect(row.id); // waits for one that is being made; a host that is away throws
  if (instance?.state === 'running') {
    const reached = { ...row, endpoint: instance.endpoint };
    await pushEnvironment(core, reached);
    await ensureStarted(core, reached);
    await markBooted(systemOp(core, row.tenant_id, 'reconciler'), core, row, instance, core.now().getTime() - row.created_at.getTime());
    return;
  }
  const late = new Fault('TIMEOUT', 'The sandbox did not start in time.', { details: { reason } });
  await failBoot(systemOp(core, row.tenant_id, 'reconciler'), core, row, late);
};
