import type { ColumnType } from 'kysely';

/** One stretch of time in which a resource held its shape of the host. `ended_at` null = still running. */
export interface UsageIntervalTable {
  id: string;
  tenant_id: string;
  workspace_id: string;
  project_id: string;
  external_workspace_id: string | null;
  external_user_id: string | null;
  external_project_id: string | null;
  resource_type: string;
  resource_id: string;
  vcpus: number;
  memory_mb: number;
  test: boolean;
  started_at: Date;
  ended_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

declare module '@miosa/db' {
  interface Schema {
    usage_intervals: UsageIntervalTable;
  }
}

/** What is metered and to whom it is charged; the external ids are those true at the time (contract 3.3). */
export interface Metered {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly projectId: string;
  readonly externalWorkspaceId: string | null;
  readonly externalUserId: string | null;
  readonly externalProjectId: string | null;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly test: boolean;
}

export interface UsageTotal {
  readonly runtimeMs: number;
  readonly vcpuMs: number;
  readonly memoryMiBMs: number;
}
