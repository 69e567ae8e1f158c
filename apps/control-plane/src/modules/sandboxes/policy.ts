import { Fault, invalid, SIZES, type SizeName } from '@miosa/kernel';
import type { Isolation } from '@miosa/runtime';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

const SIZE_NAMES = Object.keys(SIZES) as SizeName[];
const Overcommit = Type.Optional(Type.Union([Type.Number({ minimum: 0.1, maximum: 10_000 }), Type.Null()]));
const Cap = Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 1_000_000 }), Type.Null()]));
const Wire = Type.Object(
  {
    largest_size: Type.Optional(Type.Enum(SIZE_NAMES)),
    always_on_plans: Type.Optional(Type.Array(Type.String({ maxLength: 40 }), { maxItems: 20 })),
    idle_timeout_sec: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
    memory_overcommit: Overcommit,
    cpu_overcommit: Overcommit,
    isolation: Type.Optional(Type.Enum(['container', 'gvisor', 'microvm'])),
    running_per_organization: Cap,
    sandboxes_per_organization: Cap,
    snapshots_per_sandbox: Cap,
    snapshot_gib_per_organization: Cap,
    hibernate_after_sec: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 2_592_000 }), Type.Null()])),
  },
  { additionalProperties: false },
);
const WireBody = Compile(Wire);

/** What the operator lets sandboxes take of the installation. */
export interface SandboxPolicy {
  readonly largestSize: SizeName;
  /** Whose sandboxes may be without timers. */
  readonly alwaysOnPlans: readonly string[];
  /** Where neither the request nor project or workspace say one; 0 = off. */
  readonly idleTimeoutSec: number;
  /** Sum over running sandboxes, as a multiple of what the host has for them; null = only what is really in use counts. */
  readonly memoryOvercommit: number | null;
  readonly cpuOvercommit: number | null;
  /** The least that may lie between a sandbox and its host; also what those get that ask for nothing. */
  readonly isolation: Isolation;
  /** Caps of every organization; null = none. What runs or is on its way to it, and what is not destroyed. */
  readonly runningPerOrganization: number | null;
  readonly sandboxesPerOrganization: number | null;
  readonly snapshotsPerSandbox: number | null;
  readonly snapshotGibPerOrganization: number | null;
  /** Paused for so long, a sandbox gives its memory back and keeps its files; null = only when the host needs the memory. */
  readonly hibernateAfterSec: number | null;
}

export const DEFAULT_POLICY: SandboxPolicy = Object.freeze({
  largestSize: 'xl',
  alwaysOnPlans: ['starter', 'pro', 'scale'],
  idleTimeoutSec: 0,
  memoryOvercommit: null,
  cpuOvercommit: null,
  isolation: 'container',
  runningPerOrganization: null,
  sandboxesPerOrganization: null,
  snapshotsPerSandbox: null,
  snapshotGibPerOrganization: null,
  hibernateAfterSec: null,
});

/** From the operator's JSON; throws VALIDATION_ERROR naming the field. */
export const sandboxPolicyOf = (name: string, value: unknown): SandboxPolicy => {
  if (!WireBody.Check(value)) {
    const [first] = WireBody.Errors(value);
    throw invalid(`${name}${(first?.instancePath ?? '').replaceAll('/', '.')}`, first?.message ?? 'is not a policy');
  }
  const wire: Static<typeof Wire> = value;
  const idle = wire.idle_timeout_sec ?? DEFAULT_POLICY.idleTimeoutSec;
  if (idle !== 0 && idle < 60) throw invalid(`${name}.idle_timeout_sec`, 'must be 0 (off) or at least 60');
  return Object.freeze({
    largestSize: wire.largest_size ?? DEFAULT_POLICY.largestSize,
    alwaysOnPlans: wire.always_on_plans ?? DEFAULT_POLICY.alwaysOnPlans,
    idleTimeoutSec: idle,
    memoryOvercommit: wire.memory_overcommit ?? null,
    cpuOvercommit: wire.cpu_overcommit ?? null,
    isolation: wire.isolation ?? DEFAULT_POLICY.isolation,
    runningPerOrganization: wire.running_per_organization ?? null,
    sandboxesPerOrganization: wire.sandboxes_per_organization ?? null,
    snapshotsPerSandbox: wire.snapshots_per_sandbox ?? null,
    snapshotGibPerOrganization: wire.snapshot_gib_per_organization ?? null,
    hibernateAfterSec: wire.hibernate_after_sec ?? null,
  });
};

/** A limit of the operator (contract 1.3). */
export const exceeded = (message: string, details: { quota: string; limit: unknown; used: unknown; level: string }): Fault =>
  new Fault('QUOTA_EXCEEDED', message, { details });

export const assertSize = (policy: SandboxPolicy, size: SizeName): void => {
  if (SIZE_NAMES.indexOf(size) <= SIZE_NAMES.indexOf(policy.largestSize)) return;
  const details = { quota: 'sandbox_size', limit: policy.largestSize, used: size, level: 'installation' };
  throw exceeded(`The largest size on this installation is ${policy.largestSize}.`, details);
};

export const assertAlwaysOn = (policy: SandboxPolicy, plan: string | null): void => {
  if (plan !== null && policy.alwaysOnPlans.includes(plan)) return;
  const details = { quota: 'always_on', limit: 0, used: 1, level: 'plan' };
  throw exceeded(`The plan ${plan} has no sandboxes without timers (always_on).`, details);
};
