import { performance } from 'node:perf_hooks';
import { Fault, notFound, type Op } from '@miosa/kernel';
import { type Core, inBackground } from '../deps.ts';
import { probeStart } from '../exec/start.ts';
import { draftOf, launch } from '../lifecycle/create.ts';
import { bootedElsewhere } from '../lifecycle/created-earlier.ts';
import { cleanHost, destroyRow } from '../lifecycle/effects.ts';
import { isolationOf } from '../lifecycle/isolation.ts';
import { shapeOf } from '../lifecycle/shape.ts';
import { assertSize } from '../policy.ts';
import { checkFits, type Origin } from '../snapshots/origin.ts';
import { findSnapshot } from '../snapshots/store.ts';
import { findAny } from '../store.ts';
import { baseOf } from '../templates/find.ts';
import type { SandboxRow } from '../types.ts';
import { machineIn, machineOf } from './lookup.ts';
import type { LaunchMachine, Machine } from './types.ts';

const READY_MS = 60_000;
/** Contract 6: a build takes at most 20 minutes. */
const BUILD_SEC = 30 * 60;
const NAME_MAX = 120;

/** Any snapshot of the organization, hidden ones too: ids of these never come from callers. */
const originIn = async (core: Core, tenantId: string, snapshotId: string): Promise<Origin> => {
  const snapshot = await findSnapshot(core.db.read, snapshotId);
  if (snapshot?.tenant_id !== tenantId) throw notFound();
  const source = await findAny(core.db.read, snapshot.sandbox_id);
  if (source === undefined) throw notFound();
  return { snapshot, source };
};

const filesFor = async (op: Op, core: Core, { from, ownership }: LaunchMachine): Promise<{ slug: string; origin?: Origin }> => {
  if ('snapshotId' in from) {
    const origin = await originIn(core, ownership.tenantId, from.snapshotId);
    return { slug: origin.source.template_id, origin };
  }
  const base = await baseOf(op, core, from.templateId, await core.capabilities());
  return base.kind === 'custom' ? { slug: base.template.id, origin: base.origin } : { slug: base.slug };
};

const draftFor = async (op: Op, core: Core, how: LaunchMachine, { slug, origin }: { slug: string; origin?: Origin }) => {
  const capabilities = await core.capabilities();
  const shape = shapeOf({ size: how.size });
  assertSize(core.policy, shape.size);
  if (origin !== undefined) checkFits(origin, shape.diskMiB);
  const isInstance = how.purpose === 'instance';
  const request = {
    name: how.name.slice(0, NAME_MAX),
    timeout_sec: how.timeoutSec ?? BUILD_SEC,
    persistent: isInstance,
    always_on: how.alwaysOn ?? isInstance,
    start_command: how.startCommand,
    readiness_probe: how.readinessProbe,
    preview_port: how.port,
  };
  const isolation = isolationOf(core.policy, capabilities, undefined, origin?.source.isolation);
  const { ownership } = how;
  const draft = draftOf(op, request, {
    shape,
    ownership,
    templateId: slug,
    isolation,
    resumeKeeps: capabilities.pauseKeeps,
    now: core.now(),
  });
  return {
    ...draft,
    id: how.id ?? draft.id,
    purpose: how.purpose,
    // Whoever publishes may leave: what is live belongs to the project.
    owner_user_id: null,
    api_key_id: null,
    test: how.test ?? draft.test,
    ...(origin === undefined ? {} : { snapshot_id: origin.snapshot.id, boot_path: 'snapshot' as const }),
  };
};

const destroyFailed = async (op: Op, core: Core, id: string): Promise<void> => {
  if (await destroyRow(op, core, id, 'error')) await cleanHost(core, id);
};

const mustServe = async (core: Core, row: SandboxRow, startedAt: number, withinMs: number): Promise<void> => {
  if (row.state !== 'running') throw new Fault('UNAVAILABLE', `The machine did not start in time: it is ${row.state}. Try again.`);
  if (row.readiness_probe === null) return;
  const { ok, message } = await probeStart(core, row, Math.max(0, withinMs - (performance.now() - startedAt)));
  if (!ok) throw new Fault('CONFLICT', `What the machine runs did not become ready: ${message}.`, { details: { reason: 'not_ready' } });
};

/** Resolves command-ready, and ready by the probe. A machine that fails is destroyed. */
export const launchMachine = async (op: Op, core: Core, how: LaunchMachine): Promise<Machine> => {
  const accepted = performance.now();
  const withinMs = how.readyWithinMs ?? READY_MS;
  const earlier = how.id === undefined ? undefined : await machineIn(op, core, how.id)();
  const files = earlier === undefined ? await filesFor(op, core, how) : undefined;
  const draft = files === undefined ? undefined : await draftFor(op, core, how, files);
  const id = draft?.id ?? earlier?.id ?? '';
  try {
    const row =
      draft === undefined
        ? await bootedElsewhere(op, core, earlier as SandboxRow, withinMs)
        : (
            await launch(op, core, {
              draft,
              ownership: how.ownership,
              vars: how.vars,
              accepted,
              action: 'machines.launch',
              fromSnapshot: files?.origin?.snapshot.id,
              // What a sandbox may not reach, the build of its files may not either.
              copyOf: how.purpose === 'build' ? files?.origin?.source.id : undefined,
              waitMs: withinMs,
              alongside: how.alongside,
            })
          ).row;
    await mustServe(core, row, accepted, withinMs);
    return machineOf(row);
  } catch (error) {
    inBackground(core, destroyFailed(op, core, id)).catch(() => {}); // logged; its row says what is left to do
    throw error;
  }
};
