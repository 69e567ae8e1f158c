import { once, type Tx } from '@miosa/db';
import { Fault, invalid, isOperator, notFound, type Op, tenantOf } from '@miosa/kernel';
import type { Static } from 'typebox';
import { record } from '../audit/index.ts';
import { tenantById } from '../tenancy/index.ts';
import { announceKey } from './announce.ts';
import type { Core } from './core.ts';
import { type FreshKey, generateKey } from './key-format.ts';
import { type ApiKeyRow, actingKey, insertKey, type KeyVisibility, keyById, listKeys, type NewKey } from './keys.store.ts';
import { addressesFor, type Ceiling, expiryFor, mintableTypes, rpmFor, scopesFor, userFor, workspaceFor } from './minting.ts';
import type { ApiKeyCreate, ApiKeyQuery } from './schemas.ts';
import { roleUntilCommit } from './users.store.ts';

export interface MintedKey {
  readonly row: ApiKeyRow;
  readonly fresh: FreshKey;
}

/** The key that asks, as the limit of what it may give; null for a user's session. */
export const ceilingOf = async (op: Op, core: Core): Promise<ApiKeyRow | null> => {
  const { actor } = op;
  if (actor.type !== 'key') return null;
  const row = await actingKey(core.db.read, actor.id);
  if (row === undefined) throw notFound();
  return row;
};

/**
 * Which keys a caller may know of (contract 2.6): users and their keys their own, bound keys those of their workspace, everybody else the
 * organization's, of which operators' keys are not a part.
 */
export const visibleKeys = ({ actor }: Op): KeyVisibility => {
  const everything: KeyVisibility = { types: ['user', 'live', 'test'], userId: null, workspaceId: null };
  if (actor.type === 'system') return everything;
  if (actor.type === 'user') {
    if (actor.isOperator) return { ...everything, types: ['user', 'live', 'test', 'admin', 'platform'] };
    return actor.role === 'admin' || actor.role === 'owner' ? everything : { types: ['user'], userId: actor.id, workspaceId: null };
  }
  if (actor.type === 'browser') return { types: [], userId: null, workspaceId: null };
  const { keyType, workspaceId, userId } = actor;
  if (keyType === 'user') return { types: ['user'], userId, workspaceId };
  if (keyType === 'admin' || keyType === 'platform')
    return { types: ['user', 'live', 'test', 'admin', 'platform'], userId: null, workspaceId };
  return workspaceId === null ? everything : { types: ['live', 'test'], userId: null, workspaceId };
};

const isVisible = (row: ApiKeyRow, { types, userId, workspaceId }: KeyVisibility): boolean =>
  types.includes(row.key_type) && (userId === null || row.user_id === userId) && (workspaceId === null || row.workspace_id === workspaceId);

export const seenKeyOr404 = (row: ApiKeyRow | undefined, op: Op): ApiKeyRow => {
  if (row === undefined || !isVisible(row, visibleKeys(op))) throw notFound();
  return row;
};

export const getKey = async (op: Op, core: Core, id: string): Promise<ApiKeyRow> =>
  seenKeyOr404(await keyById(core.db.read, tenantOf(op), id), op);

export const pageOfKeys = (
  op: Op,
  core: Core,
  filters: Pick<Static<typeof ApiKeyQuery>, 'key_type' | 'status'>,
  page: { readonly after: { readonly at: string; readonly id: string } | null; readonly limit: number },
): Promise<ApiKeyRow[]> =>
  listKeys(core.db.read, tenantOf(op), visibleKeys(op), { type: filters.key_type, status: filters.status, now: op.now() }, page);

const draft = async (op: Op, core: Core, body: Static<typeof ApiKeyCreate>, ceiling: Ceiling): Promise<NewKey> => {
  const tenant = await tenantById(core.db.read, tenantOf(op));
  if (tenant === undefined) throw notFound();
  return {
    tenantId: tenant.id,
    userId: userFor(op, body.key_type),
    workspaceId: await workspaceFor(op, core.tenancy, body.workspace_id),
    name: body.name,
    type: body.key_type,
    purpose: body.purpose,
    scopes: scopesFor(body.purpose, body.scopes, ceiling),
    allowedIps: addressesFor(body.allowed_ips, ceiling),
    rateLimitRpm: rpmFor(tenant.plan, body.rate_limit_rpm, ceiling),
    createdBy: `${op.actor.type}:${op.actor.id}`,
    expiresAt: expiryFor(body.expires_at, ceiling, op.now()),
  };
};

const notMember = (): Fault =>
  new Fault('FORBIDDEN', 'A key of a user needs a user who belongs to this organization.', { details: { reason: 'no_member' } });

/** Mints a key. The plaintext is in the answer and nowhere else; a repeat of a request that a crash left unanswered gives it again. */
export const createKey = (op: Op, core: Core, body: Static<typeof ApiKeyCreate>): Promise<MintedKey> =>
  once<MintedKey>(op, 'apiKeys.create', (keep) => mint(op, core, body, keep));

/** Called last in the transaction that makes the key. */
export type KeepMinted = (tx: Tx, minted: MintedKey) => Promise<MintedKey>;

const mint = async (op: Op, core: Core, body: Static<typeof ApiKeyCreate>, keep: KeepMinted): Promise<MintedKey> => {
  const types = mintableTypes(op);
  if (!types.includes(body.key_type)) {
    throw new Fault('FORBIDDEN', `This credential cannot mint keys of type ${body.key_type}; it can mint: ${types.join(', ')}.`, {
      details: { reason: 'key_type', allowed: types },
    });
  }
  if (body.monthly_budget_usd != null) throw invalid('monthly_budget_usd', 'spend limits of keys are not available yet');
  const key = await draft(op, core, body, await ceilingOf(op, core));
  const fresh = generateKey(key.type);
  return core.db.tx(op, 'apiKeys.create', async (tx) => {
    // Who is being removed leaves no key behind that a later return would bring to life. Operators act where they do not belong.
    const belongs = key.userId === null || isOperator(op.actor) || (await roleUntilCommit(tx, key.tenantId, key.userId)) !== null;
    if (!belongs) throw notMember();
    const row = await insertKey(tx, key, fresh, op.now());
    await record(tx, op, {
      action: 'apiKeys.create',
      resourceType: 'api_key',
      resourceId: row.id,
      ownership: { workspaceId: row.workspace_id },
      metadata: { key_type: row.key_type, key_purpose: row.key_purpose, scopes: row.scopes, key_prefix: row.key_prefix },
    });
    await announceKey(tx, op, row, 'created');
    return keep(tx, { row, fresh });
  });
};
