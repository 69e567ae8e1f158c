import { once, type Tx } from '@miosa/db';
import { Fault, invalid, type Op, type TenantId, tenantOf, type UserId } from '@miosa/kernel';
import type { Static } from 'typebox';
import { record } from '../audit/index.ts';
import { tenantById } from '../tenancy/index.ts';
import { withinCidrs } from './addresses.ts';
import { announceKey } from './announce.ts';
import type { Core } from './core.ts';
import { generateKey } from './key-format.ts';
import { type ApiKeyRow, insertKey, type KeyChange, lockKey, revokeKey, revokeKeysOf, succeedKey, updateKey } from './keys.store.ts';
import { ceilingOf, getKey, type KeepMinted, type MintedKey, seenKeyOr404 } from './keys.ts';
import { addressesFor, type Ceiling, checkScopes, mintableTypes, rpmFor, widening } from './minting.ts';
import type { ApiKeyChange } from './schemas.ts';
import { isSubset } from './scopes.ts';

export const isActive = (row: Pick<ApiKeyRow, 'revoked_at' | 'expires_at'>, now: Date): boolean =>
  row.revoked_at === null && (row.expires_at === null || row.expires_at > now);

const notActive = (): Fault => new Fault('CONFLICT', 'This key is revoked or expired and stays so. Create a new one.');

/** A key changes and revokes only keys it could have minted: a lesser key must not disarm a greater one. */
const assertMayManage = (op: Op, row: ApiKeyRow, ceiling: Ceiling): void => {
  if (op.actor.type !== 'key') return;
  if (!mintableTypes(op).includes(row.key_type) && row.id !== op.actor.id) {
    throw new Fault('FORBIDDEN', `This key cannot manage keys of type ${row.key_type}.`, { details: { reason: 'key_type' } });
  }
  if (ceiling !== null && !isSubset(row.scopes, ceiling.scopes)) throw widening('scopes');
};

/** Who rotates a key holds its successor: that must not be more than the caller is. */
const assertMayHold = (op: Op, row: ApiKeyRow, ceiling: Ceiling): void => {
  const { actor } = op;
  if (row.user_id !== null && row.user_id !== (actor.type === 'user' ? actor.id : actor.type === 'key' ? actor.userId : row.user_id)) {
    throw new Fault('FORBIDDEN', 'Only its own user can rotate this key; revoke it instead.', { details: { reason: 'other_user' } });
  }
  if (ceiling === null) return;
  if (!withinCidrs(row.allowed_ips, ceiling.allowed_ips)) throw widening('allowed_ips');
  const outlives = ceiling.expires_at !== null && (row.expires_at === null || row.expires_at > ceiling.expires_at);
  if (outlives) throw widening('expires_at');
};

const narrowed = (row: ApiKeyRow, wanted: readonly string[] | undefined): string[] => {
  if (wanted === undefined) return row.scopes;
  checkScopes('scopes', wanted);
  if (!isSubset(wanted, row.scopes)) throw invalid('scopes', 'can only be narrowed; create a new key for more');
  return [...wanted];
};

export const changeKey = async (op: Op, core: Core, id: string, body: Static<typeof ApiKeyChange>): Promise<ApiKeyRow> => {
  await getKey(op, core, id);
  const ceiling = await ceilingOf(op, core);
  const plan = (await tenantById(core.db.read, tenantOf(op)))?.plan ?? '';
  const changed = await core.db.tx(op, 'apiKeys.update', async (tx) => {
    const row = seenKeyOr404(await lockKey(tx, tenantOf(op), id), op);
    assertMayManage(op, row, ceiling);
    if (!isActive(row, op.now())) throw notActive();
    const change: KeyChange = {
      name: body.name ?? row.name,
      scopes: narrowed(row, body.scopes),
      allowed_ips: body.allowed_ips === undefined ? row.allowed_ips : [...addressesFor(body.allowed_ips ?? [], ceiling)],
      rate_limit_rpm: body.rate_limit_rpm === undefined ? row.rate_limit_rpm : rpmFor(plan, body.rate_limit_rpm, ceiling),
    };
    const after = await updateKey(tx, row.id, change);
    await record(tx, op, {
      action: 'apiKeys.update',
      resourceType: 'api_key',
      resourceId: row.id,
      ownership: { workspaceId: row.workspace_id },
      metadata: { fields: Object.keys(body), scopes: after.scopes },
    });
    return after;
  });
  core.keys.forget(id);
  return changed;
};

/** The successor has the same type, scopes and binding; the old key ends after the grace, at once without one. */
export const rotateKey = async (op: Op, core: Core, id: string, graceSeconds: number): Promise<MintedKey> => {
  const minted = await once<MintedKey>(op, 'apiKeys.rotate', (keep) => succeed(op, core, { id, graceSeconds, keep }));
  core.keys.forget(id);
  return minted;
};

interface Rotation {
  readonly id: string;
  readonly graceSeconds: number;
  readonly keep: KeepMinted;
}

const succeed = async (op: Op, core: Core, { id, graceSeconds, keep }: Rotation): Promise<MintedKey> => {
  await getKey(op, core, id);
  const ceiling = await ceilingOf(op, core);
  return core.db.tx(op, 'apiKeys.rotate', async (tx) => {
    const old = seenKeyOr404(await lockKey(tx, tenantOf(op), id), op);
    assertMayManage(op, old, ceiling);
    assertMayHold(op, old, ceiling);
    if (!isActive(old, op.now())) throw notActive();
    const fresh = generateKey(old.key_type);
    const successor = {
      tenantId: old.tenant_id,
      userId: old.user_id,
      workspaceId: old.workspace_id,
      name: old.name,
      type: old.key_type,
      purpose: old.key_purpose,
      scopes: old.scopes,
      allowedIps: old.allowed_ips,
      rateLimitRpm: old.rate_limit_rpm,
      createdBy: `${op.actor.type}:${op.actor.id}`,
      expiresAt: old.expires_at,
    };
    const row = await insertKey(tx, successor, fresh, op.now());
    const graceEnd = new Date(op.now().getTime() + graceSeconds * 1000);
    await succeedKey(tx, old.id, row.id, old.expires_at !== null && old.expires_at < graceEnd ? old.expires_at : graceEnd);
    await record(tx, op, {
      action: 'apiKeys.rotate',
      resourceType: 'api_key',
      resourceId: old.id,
      ownership: { workspaceId: old.workspace_id },
      metadata: { rotated_to: row.id, grace_seconds: graceSeconds, key_prefix: row.key_prefix },
    });
    await announceKey(tx, op, { ...old, rotated_to: row.id }, 'rotated');
    return keep(tx, { row, fresh });
  });
};

/** Irreversible, enforced everywhere within a second. Repeating it changes nothing. */
export const revoke = async (op: Op, core: Core, id: string): Promise<ApiKeyRow> => {
  await getKey(op, core, id);
  const ceiling = await ceilingOf(op, core);
  const revoked = await core.db.tx(op, 'apiKeys.revoke', async (tx) => {
    const row = seenKeyOr404(await lockKey(tx, tenantOf(op), id), op);
    if (row.revoked_at !== null) return row;
    assertMayManage(op, row, ceiling);
    const after = await revokeKey(tx, row.id, op.now());
    await record(tx, op, {
      action: 'apiKeys.revoke',
      resourceType: 'api_key',
      resourceId: row.id,
      ownership: { workspaceId: row.workspace_id },
      metadata: { key_prefix: row.key_prefix },
    });
    await announceKey(tx, op, after, 'revoked');
    return after;
  });
  core.keys.forget(id);
  return revoked;
};

/** All keys of a user in an organization, which the user leaves; answers how many. */
export const revokeKeysOfMember = async (tx: Tx, op: Op, tenantId: TenantId, userId: UserId): Promise<number> => {
  const ended = await revokeKeysOf(tx, tenantId, userId, op.now());
  for (const row of ended) await announceKey(tx, op, row, 'revoked');
  return ended.length;
};
