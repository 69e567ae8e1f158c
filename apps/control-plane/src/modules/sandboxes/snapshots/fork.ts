import { performance } from 'node:perf_hooks';
import { earlierEffect, keepEffect } from '@miosa/db';
import { notFound, type Op } from '@miosa/kernel';
import { checkMetadata, type Ownership } from '../../tenancy/index.ts';
import { type Core, inBackground } from '../deps.ts';
import { listEnv } from '../env/store.ts';
import { type EnvVar, openVar } from '../env/values.ts';
import { auditSandbox } from '../lifecycle/audit.ts';
import { assertCapacity } from '../lifecycle/capacity.ts';
import { draftOf, type Launch, launch } from '../lifecycle/create.ts';
import { bootedElsewhere, type Created, createdEarlier } from '../lifecycle/created-earlier.ts';
import { isolationOf } from '../lifecycle/isolation.ts';
import { lookupFor } from '../lifecycle/settled.ts';
import { gone } from '../lifecycle/states.ts';
import { findAny } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { claimFor } from './claim.ts';
import { carryOutRestore } from './effects.ts';
import { inheritedOwnership, originOf, useSnapshot } from './origin.ts';
import { dropHidden, takeHidden } from './service.ts';
import { setRestoringFrom } from './store.ts';

export interface ForkRequest {
  readonly snapshot_id?: string | null | undefined;
  readonly name?: string | undefined;
  readonly timeout_sec?: number | undefined;
  readonly persistent?: boolean | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
  readonly external_user_id?: string | null | undefined;
}

/** As the wait of a create (contract 1.13). */
const WAIT_MS = 60_000;

/** Everything a copy of a sandbox takes over, with what the request says otherwise. */
const copyOf = async (
  op: Op,
  core: Core,
  source: SandboxRow,
  request: ForkRequest,
): Promise<Pick<Launch, 'draft' | 'ownership' | 'vars' | 'copyOf'>> => {
  checkMetadata('metadata', request.metadata ?? {});
  const [inherited, capabilities, stored] = await Promise.all([
    inheritedOwnership(op, core, source),
    core.capabilities(),
    listEnv(core.db.read, source.id),
  ]);
  const ownership: Ownership = request.external_user_id == null ? inherited : { ...inherited, externalUserId: request.external_user_id };
  const shape = { size: source.size as Parameters<typeof draftOf>[2]['shape']['size'], cpuCount: source.cpu_count };
  const draft = draftOf(
    op,
    {
      name: request.name,
      timeout_sec: request.timeout_sec ?? source.timeout_sec,
      idle_timeout_sec: source.idle_timeout_sec,
      persistent: request.persistent ?? source.persistent,
      always_on: source.always_on,
      tags: source.tags,
      metadata: request.metadata ?? source.metadata,
      preview_port: source.preview_port ?? undefined,
      start_command: source.start_command ?? undefined,
    },
    {
      shape: { ...shape, memoryMiB: source.memory_mb, diskMiB: source.disk_size_mb },
      ownership,
      templateId: source.template_id,
      isolation: isolationOf(core.policy, capabilities, undefined, source.isolation),
      resumeKeeps: capabilities.pauseKeeps,
      now: core.now(),
    },
  );
  const vars: EnvVar[] = stored.map((row) => ({
    key: row.key,
    value: openVar(core.sealKey, row),
    encrypted: row.encrypted,
    hosts: row.hosts,
  }));
  return { draft: { ...draft, parent_sandbox_id: source.id }, ownership, vars, copyOf: source.id };
};

const finished = async (op: Op, core: Core): Promise<Created | undefined> => {
  const earlier = await createdEarlier(op, core);
  return earlier === undefined ? undefined : { ...earlier, row: await bootedElsewhere(op, core, earlier.row, WAIT_MS) };
};

/** A new sandbox with the files of this one, of now or of a snapshot, and with its environment; its slug, ids and name are its own. */
export const forkSandbox = async (op: Op, core: Core, id: string, request: ForkRequest): Promise<Created> => {
  const accepted = performance.now();
  const earlier = await finished(op, core);
  if (earlier !== undefined) return earlier;
  await core.tenancy.assertSetupDone(op);
  const lookup = lookupFor(op, core, id);
  const source = await lookup();
  if (source === undefined) throw notFound();
  const base = { accepted, action: 'sandboxes.fork', waitMs: WAIT_MS };
  if (request.snapshot_id != null) {
    const { snapshot } = await originOf(op, core, request.snapshot_id, id);
    const { draft, ...rest } = await copyOf(op, core, source, request);
    return launch(op, core, {
      ...base,
      ...rest,
      draft: { ...draft, snapshot_id: snapshot.id, boot_path: 'fork' },
      fromSnapshot: snapshot.id,
    });
  }
  if (source.state === 'destroyed') throw gone(source);
  const hidden = await takeHidden(op, core, lookup);
  const afterBoot = (): Promise<void> => dropHidden(op, core, hidden.id);
  const copying = copyOf(op, core, source, request);
  copying.catch(() => inBackground(core, afterBoot()));
  const { draft, ...rest } = await copying;
  return launch(op, core, { ...base, ...rest, draft: { ...draft, boot_path: 'fork' }, fromSnapshot: hidden.id, afterBoot });
};

/** A new sandbox with the files of the snapshot; its source may be destroyed by now, and its environment with it. */
export const restoreAsNew = async (op: Op, core: Core, id: string, snapshotId: string, name: string | undefined): Promise<Created> => {
  const accepted = performance.now();
  const earlier = await finished(op, core);
  if (earlier !== undefined) return earlier;
  await core.tenancy.assertSetupDone(op);
  const { snapshot, source } = await originOf(op, core, snapshotId, id);
  const { draft, ...rest } = await copyOf(op, core, source, { name });
  return launch(op, core, {
    ...rest,
    accepted,
    draft: { ...draft, snapshot_id: snapshot.id, boot_path: 'snapshot' },
    action: 'sandboxes.restore',
    fromSnapshot: snapshot.id,
    waitMs: WAIT_MS,
  });
};

const IN_PLACE = 'sandboxes.restore';

/** The same sandbox with the files of the snapshot, booted from them. What it held is gone: a repeat of the request does not do it twice. */
export const restoreInPlace = async (op: Op, core: Core, id: string, snapshotId: string): Promise<SandboxRow> => {
  if (earlierEffect(op, IN_PLACE) !== undefined) {
    const row = await findAny(core.db.read, id);
    return row === undefined ? Promise.reject(notFound()) : bootedElsewhere(op, core, row, WAIT_MS);
  }
  await originOf(op, core, snapshotId, id);
  const { claimed, written } = await claimFor(op, core, lookupFor(op, core, id), {
    action: 'restore',
    write: async (tx, row, now) => {
      await useSnapshot(tx, snapshotId, now);
      if (row.state !== 'running') await assertCapacity(tx, core, row);
      await setRestoringFrom(tx, row.id, snapshotId);
      await auditSandbox(tx, op, 'sandboxes.restore', row, { metadata: { snapshot_id: snapshotId, mode: 'in_place' } });
      await keepEffect(tx, op, IN_PLACE, { id: row.id });
      return snapshotId;
    },
  });
  return inBackground(core, carryOutRestore(op, core, { ...claimed, restoring_from: written }));
};
