import type { Db, Tx } from '@miosa/db';
import { newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import type { Metered, UsageTotal } from './types.ts';

/** Starts metering. No-op while an interval of the resource is open, so a repeated transition never counts twice. */
export const openInterval = async (tx: Tx, metered: Metered, at: Date): Promise<void> => {
  await tx
    .insertInto('usage_intervals')
    .values({
      id: newUuid(),
      tenant_id: metered.tenantId,
      workspace_id: metered.workspaceId,
      project_id: metered.projectId,
      external_workspace_id: metered.externalWorkspaceId,
      external_user_id: metered.externalUserId,
      external_project_id: metered.externalProjectId,
      resource_type: metered.resourceType,
      resource_id: metered.resourceId,
      vcpus: metered.vcpus,
      memory_mb: metered.memoryMiB,
      test: metered.test,
      started_at: at,
    })
    .onConflict((conflict) => conflict.columns(['resource_type', 'resource_id']).where('ended_at', 'is', null).doNothing())
    .execute();
};

/** Ends metering; never before its start, whatever the clocks of two processes say. No-op without an open interval. */
export const closeInterval = async (tx: Tx, resourceType: string, resourceId: string, at: Date): Promise<void> => {
  await tx
    .updateTable('usage_intervals')
    .set({ ended_at: sql<Date>`greatest(started_at, ${at})` })
    .where('resource_type', '=', resourceType)
    .where('resource_id', '=', resourceId)
    .where('ended_at', 'is', null)
    .execute();
};

/** A boot that failed is not billed (contract 4.2): the open interval becomes one of length zero. */
export const voidInterval = async (tx: Tx, resourceType: string, resourceId: string): Promise<void> => {
  await tx
    .updateTable('usage_intervals')
    .set({ ended_at: sql<Date>`started_at` })
    .where('resource_type', '=', resourceType)
    .where('resource_id', '=', resourceId)
    .where('ended_at', 'is', null)
    .execute();
};

/** Sums over all intervals of the resources, open ones counted up to `now`. Resources without intervals are absent. */
export const totals = async (db: Db, resourceType: string, ids: readonly string[], now: Date): Promise<Map<string, UsageTotal>> => {
  if (ids.length === 0) return new Map();
  const length = sql`greatest(0, extract(epoch from (coalesce(ended_at, ${now}) - started_at)) * 1000)`;
  const rows = await db
    .selectFrom('usage_intervals')
    .select([
      'resource_id',
      sql<number>`sum(${length})::float8`.as('runtime_ms'),
      sql<number>`sum(${length} * vcpus)::float8`.as('vcpu_ms'),
      sql<number>`sum(${length} * memory_mb)::float8`.as('memory_ms'),
    ])
    .where('resource_type', '=', resourceType)
    .where('resource_id', 'in', [...ids])
    .groupBy('resource_id')
    .execute();
  return new Map(
    rows.map((row) => [
      row.resource_id,
      { runtimeMs: Math.round(row.runtime_ms), vcpuMs: Math.round(row.vcpu_ms), memoryMiBMs: Math.round(row.memory_ms) },
    ]),
  );
};
