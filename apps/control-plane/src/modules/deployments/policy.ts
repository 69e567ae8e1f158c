import { invalid } from '@miosa/kernel';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

const Seconds = (most: number) => Type.Optional(Type.Integer({ minimum: 0, maximum: most }));
const Wire = Type.Object(
  {
    drain_sec: Seconds(3600),
    health_grace_sec: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
    sleep_after_sec: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
    retention_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
    publishes_at_once: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  },
  { additionalProperties: false },
);
const WireBody = Compile(Wire);

/** What an operator may change. */
export interface DeploymentPolicy {
  /** Old instances finish what they answer. Seconds (contract 6: 30). */
  readonly drainSec: number;
  /** How long a new instance may take until it answers its health check. Seconds (contract 6: 60). */
  readonly healthGraceSec: number;
  /** A deployment of at most one replica sleeps after this long without a visit; 0 = never. Seconds. */
  readonly sleepAfterSec: number;
  /** A replaced version keeps its files for at least so long. Days (contract 6: 30). */
  readonly retentionDays: number;
  /** Publishes that one control plane carries out at a time; what is built has machines of its own. */
  readonly publishesAtOnce: number;
}

export const DEFAULT_POLICY: DeploymentPolicy = Object.freeze({
  drainSec: 30,
  healthGraceSec: 60,
  sleepAfterSec: 0,
  retentionDays: 30,
  publishesAtOnce: 4,
});

/** From the operator's JSON; throws VALIDATION_ERROR naming the field. */
export const deploymentPolicyOf = (name: string, value: unknown): DeploymentPolicy => {
  if (!WireBody.Check(value)) {
    const [first] = WireBody.Errors(value);
    throw invalid(`${name}${(first?.instancePath ?? '').replaceAll('/', '.')}`, first?.message ?? 'is not a policy');
  }
  const wire: Static<typeof Wire> = value;
  return Object.freeze({
    drainSec: wire.drain_sec ?? DEFAULT_POLICY.drainSec,
    healthGraceSec: wire.health_grace_sec ?? DEFAULT_POLICY.healthGraceSec,
    sleepAfterSec: wire.sleep_after_sec ?? DEFAULT_POLICY.sleepAfterSec,
    retentionDays: wire.retention_days ?? DEFAULT_POLICY.retentionDays,
    publishesAtOnce: wire.publishes_at_once ?? DEFAULT_POLICY.publishesAtOnce,
  });
};
