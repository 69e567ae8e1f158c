import type { Db, Tx } from '@miosa/db';
import type { Role, TenantId, UserId, WorkspaceRole } from '@miosa/kernel';
import { type Selectable, sql } from 'kysely';
import { workspacesOfMember } from '../tenancy/index.ts';
import type { SessionTable } from './types.ts';

export type SessionRow = Selectable<SessionTable>;

export const insertSession = async (
  tx: Tx,
  session: {
    readonly id: string;
    readonly userId: UserId;
    readonly tenantId: TenantId;
    readonly tokenHash: Buffer;
    readonly expiresAt: Date;
    readonly now: Date;
  },
): Promise<void> => {
  await tx
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      tenant_id: session.tenantId,
      token_hash: session.tokenHash,
      expires_at: session.expiresAt,
      created_at: session.now,
    })
    .execute();
};

/** Holds the family, so that of two uses of one refresh token the second sees the first's rotation. */
export const lockSession = (tx: Tx, id: string): Promise<SessionRow | undefined> =>
  tx.selectFrom('sessions').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

export const rotateSession = async (tx: Tx, session: SessionRow, tokenHash: Buffer, expiresAt: Date): Promise<void> => {
  await tx
    .updateTable('sessions')
    .set({ token_hash: tokenHash, previous_hash: session.token_hash, expires_at: expiresAt })
    .where('id', '=', session.id)
    .execute();
};

/** False when it had ended before, or is another user's. */
export const endSession = async (tx: Tx, id: string, userId: UserId, now: Date): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
};

/** All sessions of a user but one; answers how many. With a tenant, those of that organization. */
export const endSessionsOf = async (
  tx: Tx,
  userId: UserId,
  which: { readonly except?: string; readonly tenantId?: TenantId },
  now: Date,
): Promise<number> => {
  let query = tx.updateTable('sessions').set({ ended_at: now }).where('user_id', '=', userId).where('ended_at', 'is', null);
  if (which.except !== undefined) query = query.where('id', '!=', which.except);
  if (which.tenantId !== undefined) query = query.where('tenant_id', '=', which.tenantId);
  return Number((await query.executeTakeFirst()).numUpdatedRows);
};

/** All of an organization. */
export const endSessionsIn = async (tx: Tx, tenantId: TenantId, now: Date): Promise<void> => {
  await tx.updateTable('sessions').set({ ended_at: now }).where('tenant_id', '=', tenantId).where('ended_at', 'is', null).execute();
};

export interface SessionView {
  readonly user_id: UserId;
  readonly email: string;
  readonly name: string | null;
  readonly is_operator: boolean;
  /** Null: no such organization. */
  readonly tenant_id: TenantId | null;
  /** Null: not a member of it. */
  readonly role: Role | null;
  readonly places: readonly WorkspaceRole[] | null;
  readonly plan: string | null;
  readonly tenant_suspended_at: Date | null;
}

/** A session that still runs, its user, and the user's role in the selected organization (default: the session's). */
export const viewSession = (db: Db, sessionId: string, tenantSelector: string | null): Promise<SessionView | undefined> =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .leftJoin('tenants', (join) =>
      join
        .on('tenants.deleted_at', 'is', null)
        .on(
          tenantSelector === null
            ? sql<boolean>`tenants.id = sessions.tenant_id`
            : sql<boolean>`(tenants.slug = ${tenantSelector} or tenants.id::text = lower(${tenantSelector}))`,
        ),
    )
    .leftJoin('members', (join) => join.onRef('members.tenant_id', '=', 'tenants.id').onRef('members.user_id', '=', 'users.id'))
    .select([
      'users.id as user_id',
      'users.email',
      'users.name',
      'users.is_operator',
      'tenants.id as tenant_id',
      'members.role',
      'tenants.plan',
      'tenants.suspended_at as tenant_suspended_at',
    ])
    .select(workspacesOfMember().as('places'))
    .where('sessions.id', '=', sessionId)
    .where('sessions.ended_at', 'is', null)
    .where('users.suspended_at', 'is', null)
    .executeTakeFirst();
