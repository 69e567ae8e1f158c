import { Fault, type Log } from '@miosa/kernel';
import type { RuntimeCapabilities, RuntimePort } from '@miosa/runtime';
import { createActivity } from './activity.ts';
import { createPools } from './agent/pool.ts';
import type { Core, SandboxesDeps } from './deps.ts';
import { createFeeds } from './events/feed.ts';
import { patientRuntime } from './lifecycle/patience.ts';
import { DEFAULT_POLICY } from './policy.ts';
import { createSignals } from './signals.ts';
import { findAny, recordActivity } from './store.ts';

/** Templates may be built while we run; asking the host for every create would cost a round trip. */
const CAPABILITIES_MS = 5000;

const remembered = (runtime: RuntimePort): (() => Promise<RuntimeCapabilities>) => {
  let known: { readonly until: number; readonly value: Promise<RuntimeCapabilities> } | undefined;
  return () => {
    if (known !== undefined && known.until > Date.now()) return known.value;
    const value = runtime.capabilities().catch((error: unknown) => {
      known = undefined;
      throw new Fault('UNAVAILABLE', 'The host that runs sandboxes cannot be reached. Try again in a moment.', {
        cause: error,
        details: { reason: 'host_unreachable' },
      });
    });
    known = { until: Date.now() + CAPABILITIES_MS, value };
    return value;
  };
};

/** What the services of this module share. `onGap`: notifications may have been lost. */
export const createCore = async (deps: SandboxesDeps, onGap: () => void): Promise<Core & { readonly stop: () => void }> => {
  if (deps.sealKey.length !== 32) throw new Error('the seal key must have 32 bytes');
  const now = deps.now ?? (() => new Date());
  const pools = createPools();
  const stopping = new AbortController();
  const signals = await createSignals(deps.db, (id) => void closeIfStopped(deps, pools, id), onGap);
  const activity = createActivity({ write: (seen) => recordActivity(deps.db.read, seen), now, log: deps.log });
  const background: Core['background'] = new Set();
  return {
    ...deps,
    feeds: createFeeds({ ...deps, pools, signals, now, background, stopping: stopping.signal }),
    runtime: patientRuntime(deps.runtime, stopping.signal),
    now,
    policy: deps.policy ?? DEFAULT_POLICY,
    pools,
    signals,
    activity,
    capabilities: remembered(deps.runtime),
    flights: new Map(),
    background,
    stopping: stopping.signal,
    stop: () => stopping.abort(),
  };
};

/** Another process may have paused or destroyed a sandbox we hold connections to; requests into it would hang. */
const closeIfStopped = async (
  deps: { readonly db: SandboxesDeps['db']; readonly log: Log },
  pools: Core['pools'],
  id: string,
): Promise<void> => {
  if (!pools.has(id)) return;
  try {
    const row = await findAny(deps.db.read, id);
    // On its way up it is reached by whoever brings it there, perhaps before this news of the beginning.
    const isUp =
      row?.state === 'running' || row?.state === 'provisioning' || row?.transition === 'resuming' || row?.transition === 'restoring';
    if (!isUp) pools.close(id);
  } catch (error) {
    deps.log.warn({ err: error, sandboxId: id }, 'could not look up a changed sandbox');
  }
};
