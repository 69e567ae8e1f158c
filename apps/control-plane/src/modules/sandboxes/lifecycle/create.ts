import { performance } from 'node:perf_hooks';
import type { Tx } from '@miosa/db';
import {
  type NetworkPolicy,
  type NetworkPolicyWire,
  networkPolicyWire,
  newId,
  notFound,
  type Op,
  parseNetworkPolicy,
  randomBase32,
  type SizeName,
} from '@miosa/kernel';
import type { Isolation, RuntimeInstance } from '@miosa/runtime';
import { checkMetadata, type Ownership, type OwnershipRequest } from '../../tenancy/index.ts';
import { type Core, inBackground } from '../deps.ts';
import { pushEnvironment } from '../env/push.ts';
import { putEnv } from '../env/store.ts';
import { checkVars, type EnvVar, injectedVars, insideVar, sealVar, varsOf } from '../env/values.ts';
import { announce, announceFork } from '../events/announce.ts';
import { ensureStarted, startReady } from '../exec/start.ts';
import { levelsOf } from '../network-policy/enforce.ts';
import { copyPolicy, putPolicy } from '../network-policy/store.ts';
import { assertAlwaysOn, assertSize } from '../policy.ts';
import { checkFits, checkOrigin, inheritedOwnership, namesOwner, originMetadata, originOf, useSnapshot } from '../snapshots/origin.ts';
import { endBoot, findAny, insertSandbox } from '../store.ts';
import { DEFAULT_TEMPLATE } from '../templates/builtin.ts';
import { baseOf, defaultsOf, idOf } from '../templates/find.ts';
import { imageOf } from '../templates/image.ts';
import type { NewSandbox, ReadinessProbe, SandboxRow } from '../types.ts';
import { keyIdOf, ownerOf } from '../visibility.ts';
import { auditSandbox, startMetering, voidMetering } from './audit.ts';
import { assertCapacity, isLimited } from './capacity.ts';
import { bootedElsewhere, type Created, createdEarlier, keepCreated } from './created-earlier.ts';
import { defaultsFor } from './defaults.ts';
import { cleanHost, deadlineAfter, expiryOf, sweepIfDestroyed } from './effects.ts';
import { type Named, namedIn } from './existing.ts';
import { hostFault, reasonOf } from './faults.ts';
import { isolationOf } from './isolation.ts';
import { recorded } from './patience.ts';
import { checkIdleTimeout, checkProbe, refuseUnavailable, type Shape, type ShapeRequest, shapeOf } from './shape.ts';
import { gone } from './states.ts';

export interface CreateRequest extends OwnershipRequest, ShapeRequest {
  readonly template_id?: string | undefined;
  readonly network_policy?: NetworkPolicyWire | undefined;
  readonly image?: string | null | undefined;
  readonly snapshot_id?: string | null | undefined;
  readonly isolation?: Isolation | undefined;
  readonly name?: string | undefined;
  readonly timeout_sec?: number | undefined;
  readonly idle_timeout_sec?: number | undefined;
  readonly persistent?: boolean | undefined;
  readonly always_on?: boolean | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly secrets?: readonly EnvVar[] | undefined;
  readonly tags?: string[] | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
  readonly preview_port?: number | undefined;
  readonly start_command?: string | undefined;
  readonly readiness_probe?: ReadinessProbe | null | undefined;
  readonly get_or_create?: boolean | undefined;
  readonly wait?: boolean | undefined;
  readonly wait_seconds?: number | undefined;
}

const DEFAULTS = { timeoutSec: 3600, waitSec: 60 } as const;
/** Enough for builds with many workers; a fork bomb meets it in milliseconds. */
const PIDS_MAX = 2048;
/** 5 bits each: 50 random bits. Slugs are never reused, so a collision (a billion sandboxes: 1 in 2 million) is an error, not a retry. */
const SLUG_RANDOM_CHARACTERS = 10;

/**
 * Creates a sandbox. `bare`: without what its template starts by itself. Resolves when it is command-ready, or with `wait: false` or after `wait_seconds` in the
 * state it then has.
 */
export const createSandbox = async (op: Op, core: Core, asked: CreateRequest, how: { readonly bare?: true } = {}): Promise<Created> => {
  const accepted = performance.now();
  const earlier = await createdEarlier(op, core);
  if (earlier !== undefined)
    return asked.wait === false ? earlier : { ...earlier, row: await bootedElsewhere(op, core, earlier.row, waitMs(asked)) };
  refuseUnavailable({ ...asked });
  const capabilities = await core.capabilities();
  const origin = asked.snapshot_id == null ? undefined : await originOf(op, core, asked.snapshot_id);
  const image = asked.image == null ? undefined : imageOf(asked.image, asked, capabilities);
  const base =
    origin === undefined ? await baseOf(op, core, image?.slug ?? asked.template_id ?? DEFAULT_TEMPLATE, capabilities) : undefined;
  const request = base?.kind === 'custom' ? { ...asked, ...defaultsOf(base.spec, asked, how) } : asked;
  let shape = shapeOf(request, origin?.source.size as SizeName | undefined);
  if (origin !== undefined) checkOrigin(origin, request.template_id);
  checkIdleTimeout(request.idle_timeout_sec);
  checkProbe(request.readiness_probe, request.start_command);
  checkMetadata('metadata', request.metadata ?? {});
  const vars = [...varsOf(request.env ?? {}), ...(request.secrets ?? [])];
  checkVars('env', vars);
  const networkPolicy =
    request.network_policy === undefined ? undefined : networkPolicyWire(parseNetworkPolicy('network_policy', request.network_policy));
  await core.tenancy.assertSetupDone(op);
  const ownership =
    origin !== undefined && !namesOwner(request)
      ? await inheritedOwnership(op, core, origin.snapshot)
      : await core.tenancy.resolveOwnership(op, request);

  const named = request.get_or_create === true ? await namedIn(op, core, ownership, request.name) : undefined;
  const existing = await named?.find(core.db.read);
  if (existing !== undefined) return found(op, core, existing, ownership, request);
  const defaults = await defaultsFor(core, ownership, request.always_on === true);
  if (origin === undefined) shape = shapeOf(request, defaults.size ?? undefined);
  const files = origin ?? (base?.kind === 'custom' ? base.origin : undefined);
  if (files !== undefined) checkFits(files, shape.diskMiB);
  assertSize(core.policy, shape.size);
  if (request.always_on === true) assertAlwaysOn(core.policy, defaults.plan);
  const idle = request.idle_timeout_sec ?? defaults.idleTimeoutSec ?? core.policy.idleTimeoutSec;

  const isolation = isolationOf(core.policy, capabilities, request.isolation, origin?.source.isolation);
  const draft = draftOf(
    op,
    { ...request, idle_timeout_sec: idle },
    {
      shape,
      ownership,
      templateId: origin?.source.template_id ?? (base === undefined ? DEFAULT_TEMPLATE : idOf(base)),
      isolation,
      resumeKeeps: capabilities.pauseKeeps,
      now: core.now(),
    },
  );
  const created = await launch(op, core, {
    named,
    draft:
      origin === undefined
        ? { ...draft, image: image?.reference ?? null }
        : { ...draft, snapshot_id: origin.snapshot.id, boot_path: 'snapshot' },
    ownership,
    vars,
    networkPolicy,
    accepted,
    action: 'sandboxes.create',
    fromSnapshot: files?.snapshot.id,
    copyOf: origin?.source.id,
    wait: request.wait,
    waitMs: waitMs(request),
  });
  return created.existed ? found(op, core, created.row, ownership, request) : created;
};

/** The sandbox of a name, as it is: a paused one wakes when it is used. One that is starting is waited for like a new one. */
const found = async (op: Op, core: Core, row: SandboxRow, ownership: Ownership, request: CreateRequest): Promise<Created> => ({
  row: request.wait === false ? row : await bootedElsewhere(op, core, row, waitMs(request)),
  ownership,
  existed: true,
});

export interface Launch {
  readonly named?: Named | undefined;
  readonly draft: NewSandbox & { readonly created_at: Date };
  readonly ownership: Ownership;
  readonly vars: readonly EnvVar[];
  /** The sandbox whose files it gets. */
  readonly copyOf?: string | undefined;
  /** Checked; without one a copy has that of its original. */
  readonly networkPolicy?: NetworkPolicyWire | undefined;
  /** `performance.now()` when the request was accepted. */
  readonly accepted: number;
  /** Of the audit entry. */
  readonly action: string;
  readonly fromSnapshot?: string | undefined;
  readonly wait?: boolean | undefined;
  readonly waitMs: number;
  /** In the same transaction as the row. */
  readonly alongside?: ((tx: Tx) => Promise<void>) | undefined;
  /** However the boot ended, or if it never began. */
  readonly afterBoot?: (() => Promise<void>) | undefined;
}

/** The row of a new sandbox with all that belongs to it in one transaction, then its boot. */
export const launch = async (op: Op, core: Core, how: Launch): Promise<Created> => {
  const { draft, ownership, fromSnapshot, afterBoot = async () => {} } = how;
  const sealed = how.vars.map((entry) => sealVar(core.sealKey, draft.id, entry, draft.created_at));
  const inserting = core.db.tx(op, how.action, async (tx) => {
    const holding = core.tenancy.holdProject(tx, ownership.tenantId, ownership.projectId).then((held) => {
      if (!held) throw notFound();
    });
    const mustLook = how.named !== undefined || isLimited(core) || fromSnapshot !== undefined;
    if (mustLook) {
      await holding;
      const existing = await how.named?.findAlone(tx);
      if (existing !== undefined) return { existing };
      await assertCapacity(tx, core, draft);
      if (fromSnapshot !== undefined) await useSnapshot(tx, fromSnapshot, draft.created_at);
    }
    // What is started together travels together: two waits for the database and one for the commit.
    const [, inserted] = await Promise.all([holding, insertSandbox(tx, draft)]);
    const policy = (): Promise<void> | undefined => {
      if (how.networkPolicy !== undefined) return putPolicy(tx, inserted, how.networkPolicy, draft.created_at);
      return how.copyOf === undefined ? undefined : copyPolicy(tx, how.copyOf, inserted.id, draft.created_at);
    };
    const written = Promise.all([
      policy(),
      putEnv(tx, sealed),
      startMetering(tx, inserted, inserted.created_at),
      auditSandbox(tx, op, how.action, inserted, originMetadata(inserted)),
      announce(tx, op, core, inserted, ['created'], ownership),
      how.action === 'sandboxes.fork' ? announceFork(tx, op, core, inserted) : undefined,
      inserted.purpose === null ? keepCreated(tx, op, { row: inserted, ownership }) : undefined,
      how.alongside?.(tx),
    ]);
    // Of its own no other can know yet; a change of a wider level after this reading is brought to the host by the reconciler.
    const [levels] = await Promise.all([levelsOf(core, [inserted.id], tx), written]);
    return { inserted, levels: levels.get(inserted.id) ?? [] };
  });
  const ended = (): void => void inBackground(core, afterBoot());
  inserting.catch(ended);
  const { inserted: row, existing, levels } = await inserting;
  if (row === undefined) {
    ended();
    return { row: existing, ownership, existed: true };
  }
  const env = Object.fromEntries(sealed.map((entry) => [entry.key, insideVar(core.sealKey, entry)]));
  const hasSecrets = sealed.some(({ hosts }) => hosts !== null);
  const booting = inBackground(core, boot(op, core, row, { accepted: how.accepted, env, hasSecrets, levels, fromSnapshot, ownership }));
  booting.then(ended, ended);
  if (how.wait === false) {
    booting.catch(() => {}); // recorded in the row
    return { row, ownership };
  }
  const usable = row.readiness_probe === null ? booting : booting.then((booted) => startReady(op, core, booted, how.waitMs));
  return { row: await within(core, usable, row, how.waitMs), ownership };
};

export const waitMs = (request: CreateRequest): number => (request.wait_seconds ?? DEFAULTS.waitSec) * 1000;

interface Resolved {
  readonly shape: Shape;
  readonly ownership: Ownership;
  readonly templateId: string;
  readonly isolation: Isolation;
  readonly resumeKeeps: 'files' | 'memory';
  readonly now: Date;
}

export const draftOf = (
  op: Op,
  request: CreateRequest,
  { shape, ownership, templateId, isolation, resumeKeeps, now }: Resolved,
): NewSandbox & { created_at: Date } => {
  const slug = `sbx${randomBase32(SLUG_RANDOM_CHARACTERS)}`;
  return {
    id: newId('sbx', now.getTime()),
    tenant_id: ownership.tenantId,
    workspace_id: ownership.workspaceId,
    project_id: ownership.projectId,
    owner_user_id: ownerOf(op),
    external_workspace_id: ownership.externalWorkspaceId,
    external_user_id: ownership.externalUserId,
    external_project_id: ownership.externalProjectId,
    name: request.name ?? slug,
    slug,
    metadata: JSON.stringify(request.metadata ?? {}),
    tags: request.tags ?? [],
    state: 'provisioning',
    transition: null,
    transition_deadline: deadlineAfter(now, 'provisioning'),
    state_reason: null,
    ended_reason: null,
    template_id: templateId,
    size: shape.size,
    cpu_count: shape.cpuCount,
    memory_mb: shape.memoryMiB,
    disk_size_mb: shape.diskMiB,
    persistent: request.persistent ?? true,
    always_on: request.always_on ?? false,
    timeout_sec: request.timeout_sec ?? DEFAULTS.timeoutSec,
    idle_timeout_sec: request.idle_timeout_sec ?? 0,
    expires_at: null,
    isolation,
    boot_path: null,
    boot_ms: null,
    resume_keeps: resumeKeeps,
    preview_port: request.preview_port ?? null,
    start_command: request.start_command ?? null,
    readiness_probe: request.readiness_probe == null ? null : JSON.stringify(request.readiness_probe),
    endpoint: null,
    test: op.actor.type === 'key' && op.actor.keyType === 'test',
    created_by: `${op.actor.type}:${op.actor.id}`,
    api_key_id: keyIdOf(op),
    last_activity_at: null,
    started_at: null,
    paused_at: null,
    destroyed_at: null,
    created_at: now,
    updated_at: now,
  };
};

/** The booted row, or after `ms` the row as it then is: running out of time is not an error (contract 1.13). */
const within = async (core: Core, booting: Promise<SandboxRow>, row: SandboxRow, ms: number): Promise<SandboxRow> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  try {
    const first = await Promise.race([booting, late]);
    return first === 'late' ? ((await findAny(core.db.read, row.id)) ?? row) : first;
  } finally {
    clearTimeout(timer);
  }
};

interface Boot {
  readonly accepted: number;
  readonly env: Readonly<Record<string, string>>;
  readonly hasSecrets: boolean;
  readonly levels: readonly NetworkPolicy[];
  readonly fromSnapshot: string | undefined;
  readonly ownership: Ownership;
}

const boot = async (op: Op, core: Core, row: SandboxRow, how: Boot): Promise<SandboxRow> => {
  let instance: RuntimeInstance;
  try {
    instance = await core.runtime.create({
      id: row.id,
      templateId: row.template_id,
      hostname: row.slug,
      cpuCount: row.cpu_count,
      memoryMiB: row.memory_mb,
      diskMiB: row.disk_size_mb,
      pidsMax: PIDS_MAX,
      env: { ...how.env, ...injectedVars(row) },
      networkPolicy: how.levels,
      ...(how.fromSnapshot === undefined ? {} : { fromSnapshot: how.fromSnapshot }),
      ...(row.isolation === null ? {} : { isolation: row.isolation }),
    });
    if (how.hasSecrets) await pushEnvironment(core, { ...row, endpoint: instance.endpoint });
  } catch (error) {
    throw await failBoot(op, core, row, error);
  }
  const bootMs = Math.round(performance.now() - how.accepted);
  // Before the row says `running`: whoever takes over a boot half-way does all that is left.
  await ensureStarted(core, { ...row, endpoint: instance.endpoint });
  return (await recorded(core, () => markBooted(op, core, row, instance, bootMs, how.ownership))) ?? overtakenBoot(core, row);
};

/** Somebody else ended our boot: a reconciler that found the machine ready, or a destroy. */
const overtakenBoot = async (core: Core, row: SandboxRow): Promise<SandboxRow> => {
  const now = await recorded(core, () => findAny(core.db.read, row.id));
  if (now?.state === 'running') return now;
  await sweepIfDestroyed(core, row.id);
  throw gone(now ?? row);
};

/** `provisioning` → `running`; the window of the timers starts now. Undefined when the sandbox was destroyed or given up meanwhile. */
export const markBooted = (
  op: Op,
  core: Core,
  row: SandboxRow,
  instance: RuntimeInstance,
  bootMs: number,
  ownership?: Ownership,
): Promise<SandboxRow | undefined> => {
  const now = core.now();
  return core.db.tx(op, 'sandboxes.booted', async (tx) => {
    const booted = await endBoot(tx, row.id, {
      state: 'running',
      endpoint: JSON.stringify(instance.endpoint),
      isolation: instance.isolation,
      boot_path: row.boot_path ?? instance.bootPath ?? 'cold',
      boot_ms: bootMs,
      started_at: now,
      last_activity_at: now,
      expires_at: expiryOf(row, now),
      updated_at: now,
    });
    if (booted !== undefined) await announce(tx, op, core, booted, ['running'], ownership);
    return booted;
  });
};

/** A boot that failed: nothing on the host, an `error` row with its reason, nothing billed. Returns what to tell the caller. */
export const failBoot = async (op: Op, core: Core, row: SandboxRow, error: unknown): Promise<unknown> => {
  const now = core.now();
  const reason = reasonOf(error);
  const failed = await recorded(core, () =>
    core.db.tx(op, 'sandboxes.bootFailed', async (tx) => {
      const ended = await endBoot(tx, row.id, { state: 'error', state_reason: reason, updated_at: now });
      if (ended === undefined) return undefined;
      await voidMetering(tx, ended);
      await auditSandbox(tx, op, 'sandboxes.create', ended, { errorCode: 'UNAVAILABLE', metadata: { reason } });
      await announce(tx, op, core, ended, ['error']);
      return ended;
    }),
  );
  await cleanHost(core, row.id);
  if (failed === undefined) return gone((await findAny(core.db.read, row.id)) ?? row);
  return hostFault(error, 'The sandbox could not be started', { sandbox_id: row.id, state_reason: reason });
};
