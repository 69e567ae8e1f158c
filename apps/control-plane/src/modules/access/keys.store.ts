import { type Db, exactTime, type Tx } from '@miosa/db';
import { type ApiKeyId, type KeyPurpose, type KeyType, newUuid, type TenantId, type UserId, type WorkspaceId } from '@miosa/kernel';
import { type Expression, type Selectable, type SqlBool, sql } from 'kysely';
import type { FreshKey } from './key-format.ts';
import type { ApiKeyTable } from './types.ts';

export type ApiKeyRow = Selectable<Omit<ApiKeyTable, 'key_hash' | 'expiry_told'>>;

const COLUMNS = [
  'api_keys.id',
  'api_keys.tenant_id',
  'api_keys.user_id',
  'api_keys.workspace_id',
  'api_keys.name',
  'api_keys.key_type',
  'api_keys.key_purpose',
  'api_keys.key_prefix',
  'api_keys.scopes',
  'api_keys.allowed_ips',
  'api_keys.rate_limit_rpm',
  'api_keys.rotated_to',
  'api_keys.created_by',
  'api_keys.expires_at',
  'api_keys.last_used_at',
  'api_keys.revoked_at',
  'api_keys.created_at',
] as const;

const inLivingTenant = (db: Db) =>
  db
    .selectFrom('api_keys')
    .innerJoin('tenants', 'tenants.id', 'api_keys.tenant_id')
    .select([...COLUMNS, 'tenants.slug as tenant_slug', 'tenants.plan as tenant_plan', 'tenants.suspended_at as tenant_suspended_at'])
    .where('tenants.deleted_at', 'is', null);

export type KeyInTenant = ApiKeyRow & {
  readonly tenant_slug: string;
  readonly tenant_plan: string;
  readonly tenant_suspended_at: Date | null;
};

/** The key with this hash, also a revoked one, unless its organization is deleted. Expiry may come while it is cached. */
export const keyByHash = (db: Db, hash: Buffer): Promise<KeyInTenant | undefined> =>
  inLivingTenant(db).where('key_hash', '=', hash).executeTakeFirst();

/** Neither revoked nor of a deleted or suspended organization. Expiry is the caller's to judge. */
export const keyStillGood = (db: Db, id: string): Promise<KeyInTenant | undefined> =>
  inLivingTenant(db)
    .where('api_keys.id', '=', id as ApiKeyId)
    .where('revoked_at', 'is', null)
    .where('tenants.suspended_at', 'is', null)
    .executeTakeFirst();

export interface NewKey {
  readonly tenantId: TenantId;
  readonly userId: UserId | null;
  readonly workspaceId: WorkspaceId | null;
  readonly name: string;
  readonly type: KeyType;
  readonly purpose: KeyPurpose;
  readonly scopes: readonly string[];
  readonly allowedIps: readonly string[];
  readonly rateLimitRpm: number;
  readonly createdBy: string;
  readonly expiresAt: Date | null;
}

export const insertKey = (tx: Tx, key: NewKey, fresh: FreshKey, now: Date): Promise<ApiKeyRow> =>
  tx
    .insertInto('api_keys')
    .values({
      id: newUuid(now.getTime()) as ApiKeyId,
      tenant_id: key.tenantId,
      user_id: key.userId,
      workspace_id: key.workspaceId,
      name: key.name,
      key_type: key.type,
      key_purpose: key.purpose,
      key_hash: fresh.hash,
      key_prefix: fresh.prefix,
      scopes: [...key.scopes],
      allowed_ips: [...key.allowedIps],
      rate_limit_rpm: key.rateLimitRpm,
      created_by: key.createdBy,
      expires_at: key.expiresAt,
      created_at: now,
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();

export const keyById = (db: Db, tenantId: TenantId, id: string): Promise<ApiKeyRow | undefined> =>
  db
    .selectFrom('api_keys')
    .select(COLUMNS)
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id as ApiKeyId)
    .executeTakeFirst();

/** The key that asks: an operator's may be acting in another organization than its own. */
export const actingKey = (db: Db, id: ApiKeyId): Promise<ApiKeyRow | undefined> =>
  db.selectFrom('api_keys').select(COLUMNS).where('id', '=', id).executeTakeFirst();

export const lockKey = (tx: Tx, tenantId: TenantId, id: string): Promise<ApiKeyRow | undefined> =>
  tx
    .selectFrom('api_keys')
    .select(COLUMNS)
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id as ApiKeyId)
    .forUpdate()
    .executeTakeFirst();

export interface KeyChange {
  readonly name: string;
  readonly scopes: string[];
  readonly allowed_ips: string[];
  readonly rate_limit_rpm: number;
}

export const updateKey = (tx: Tx, id: ApiKeyId, change: KeyChange): Promise<ApiKeyRow> =>
  tx.updateTable('api_keys').set(change).where('id', '=', id).returning(COLUMNS).executeTakeFirstOrThrow();

export const succeedKey = async (tx: Tx, id: ApiKeyId, successor: ApiKeyId, expiresAt: Date): Promise<void> => {
  await tx.updateTable('api_keys').set({ rotated_to: successor, expires_at: expiresAt }).where('id', '=', id).execute();
};

export const revokeKey = (tx: Tx, id: ApiKeyId, now: Date): Promise<ApiKeyRow> =>
  tx.updateTable('api_keys').set({ revoked_at: now }).where('id', '=', id).returning(COLUMNS).executeTakeFirstOrThrow();

/** Ends all that is left of a user in an organization, or of the organization itself. */
export const revokeKeysOf = (tx: Tx, tenantId: TenantId, userId: UserId | null, now: Date): Promise<ApiKeyRow[]> => {
  const all = tx.updateTable('api_keys').set({ revoked_at: now }).where('tenant_id', '=', tenantId).where('revoked_at', 'is', null);
  return (userId === null ? all : all.where('user_id', '=', userId)).returning(COLUMNS).execute();
};

/** Expired between the two moments, and nobody has been told; locked until the transaction ends. */
export const lockExpiredUntold = (tx: Tx, since: Date, now: Date, limit: number): Promise<ApiKeyRow[]> =>
  tx
    .selectFrom('api_keys')
    .innerJoin('tenants', 'tenants.id', 'api_keys.tenant_id')
    .select(COLUMNS)
    .where('api_keys.expires_at', '>', since)
    .where('api_keys.expires_at', '<=', now)
    .where('api_keys.revoked_at', 'is', null)
    .where('tenants.deleted_at', 'is', null)
    .where('api_keys.expiry_told', '=', false)
    .orderBy('api_keys.expires_at')
    .limit(limit)
    .forUpdate('api_keys')
    .skipLocked()
    .execute();

export const markExpiryTold = async (tx: Tx, ids: readonly ApiKeyId[]): Promise<void> => {
  await tx
    .updateTable('api_keys')
    .set({ expiry_told: true })
    .where('id', 'in', [...ids])
    .execute();
};

export type KeyStatus = 'active' | 'revoked' | 'expired';

const statusIs = (status: KeyStatus, now: Date): Expression<SqlBool> => {
  if (status === 'revoked') return sql<SqlBool>`revoked_at is not null`;
  const expired = sql`expires_at is not null and expires_at <= ${now}`;
  return status === 'expired' ? sql<SqlBool>`revoked_at is null and ${expired}` : sql<SqlBool>`revoked_at is null and not (${expired})`;
};

/** Which keys a caller may know of. */
export interface KeyVisibility {
  readonly types: readonly KeyType[];
  readonly userId: UserId | null;
  readonly workspaceId: WorkspaceId | null;
}

export interface KeyListFilters {
  readonly type?: KeyType | undefined;
  readonly status?: KeyStatus | undefined;
  readonly now: Date;
}

export const listKeys = (
  db: Db,
  tenantId: TenantId,
  visible: KeyVisibility,
  filters: KeyListFilters,
  page: { readonly after: { readonly at: string; readonly id: string } | null; readonly limit: number },
): Promise<ApiKeyRow[]> => {
  let query = db
    .selectFrom('api_keys')
    .select(COLUMNS)
    .where('tenant_id', '=', tenantId)
    .where('key_type', 'in', [...visible.types]);
  if (visible.userId !== null) query = query.where('user_id', '=', visible.userId);
  if (visible.workspaceId !== null) query = query.where('workspace_id', '=', visible.workspaceId);
  if (filters.type !== undefined) query = query.where('key_type', '=', filters.type);
  if (filters.status !== undefined) query = query.where(statusIs(filters.status, filters.now));
  if (page.after !== null) query = query.where(sql<boolean>`(created_at, id) < (${page.after.at}::timestamptz, ${page.after.id}::uuid)`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(page.limit).execute();
};

/** Over all organizations. */
export const listAllKeys = (
  db: Db,
  filters: { readonly tenantId?: string | undefined; readonly status?: KeyStatus | undefined; readonly now: Date },
  page: { readonly after: { readonly at: string; readonly id: string } | null; readonly limit: number },
): Promise<(ApiKeyRow & { readonly at: string })[]> => {
  let query = db.selectFrom('api_keys').select(COLUMNS).select(exactTime('created_at').as('at'));
  if (filters.tenantId !== undefined) query = query.where('tenant_id', '=', filters.tenantId as TenantId);
  if (filters.status !== undefined) query = query.where(statusIs(filters.status, filters.now));
  if (page.after !== null) query = query.where(sql<boolean>`(created_at, id) < (${page.after.at}::timestamptz, ${page.after.id}::uuid)`);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(page.limit).execute();
};

export const lockAnyKey = (tx: Tx, id: string): Promise<ApiKeyRow | undefined> =>
  tx
    .selectFrom('api_keys')
    .select(COLUMNS)
    .where('id', '=', id as ApiKeyId)
    .forUpdate()
    .executeTakeFirst();

/** Moves last use forward, never back. */
export const touchKeys = async (db: Db, used: ReadonlyMap<string, Date>): Promise<void> => {
  await sql`
    update api_keys k set last_used_at = used.at
      from unnest(${[...used.keys()]}::uuid[], ${[...used.values()]}::timestamptz[]) as used(id, at)
     where k.id = used.id and (k.last_used_at is null or k.last_used_at < used.at)`.execute(db);
};
