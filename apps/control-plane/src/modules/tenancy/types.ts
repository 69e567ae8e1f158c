import type { Db } from '@miosa/db';
import type { NetworkPolicyWire, Op, ProjectId, Role, TenantId, UserId, WorkspaceId } from '@miosa/kernel';
import type { ColumnType, Generated } from 'kysely';

type Json = ColumnType<Record<string, unknown>, string, string>;
type Timestamp = ColumnType<Date, Date, Date>;

export interface TenantTable {
  id: TenantId;
  name: string | null;
  slug: string;
  plan: Generated<string>;
  owner_user_id: string | null;
  setup_done: Generated<boolean>;
  allowed_origins: Generated<string[]>;
  network_policy: ColumnType<NetworkPolicyWire | null, string | null | undefined, string | null>;
  embed_origins: Generated<string[]>;
  suspended_at: Date | null;
  suspend_reason: string | null;
  deleted_at: Date | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface WorkspaceTable {
  id: WorkspaceId;
  tenant_id: TenantId;
  name: string;
  slug: string;
  description: string | null;
  external_workspace_id: string | null;
  is_default: Generated<boolean>;
  metadata: Json;
  settings: Json;
  deleted_at: Date | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface ProjectTable {
  id: ProjectId;
  tenant_id: TenantId;
  workspace_id: WorkspaceId;
  name: string;
  slug: string;
  description: string | null;
  external_project_id: string | null;
  /** As chosen; `Dependents.primaryOf` says what it comes to. */
  primary_deployment_id: Generated<string | null>;
  is_default: Generated<boolean>;
  metadata: Json;
  settings: Json;
  deleted_at: Date | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface UserTable {
  id: UserId;
  email: string;
  name: string | null;
  password_hash: string;
  is_operator: Generated<boolean>;
  suspended_at: Date | null;
  suspend_reason: string | null;
  deleted_at: Date | null;
  created_at: ColumnType<Date, Date, never>;
}

export interface MemberTable {
  tenant_id: TenantId;
  user_id: UserId;
  role: Role;
  joined_at: ColumnType<Date, Date, never>;
}

export interface WorkspaceMemberTable {
  workspace_id: WorkspaceId;
  user_id: UserId;
  tenant_id: TenantId;
  role: Role;
  joined_at: ColumnType<Date, Date, never>;
}

declare module '@miosa/db' {
  interface Schema {
    workspace_members: WorkspaceMemberTable;
    users: UserTable;
    members: MemberTable;
    tenants: TenantTable;
    workspaces: WorkspaceTable;
    projects: ProjectTable;
  }
}

/** The nine request fields of contract 3.1, as they stand in a body. `null` means absent. */
export interface OwnershipRequest {
  readonly workspace_id?: string | null | undefined;
  readonly workspace_slug?: string | null | undefined;
  readonly workspace_name?: string | null | undefined;
  readonly project_id?: string | null | undefined;
  readonly project_slug?: string | null | undefined;
  readonly project_name?: string | null | undefined;
  readonly external_workspace_id?: string | null | undefined;
  readonly external_user_id?: string | null | undefined;
  readonly external_project_id?: string | null | undefined;
}

/** What the nine fields resolve to; copied onto the resource, its children, usage and audit. */
export interface Ownership {
  readonly tenantId: TenantId;
  readonly workspaceId: WorkspaceId;
  readonly workspaceSlug: string;
  readonly workspaceName: string;
  readonly projectId: ProjectId;
  readonly projectSlug: string;
  readonly projectName: string;
  readonly externalWorkspaceId: string | null;
  readonly externalUserId: string | null;
  readonly externalProjectId: string | null;
  /** As stored; absent where only the names were looked up. */
  readonly settings?: { readonly workspace: object; readonly project: object };
}

/** Canonical names of one project, for echoing in lists. */
export interface OwnershipEcho {
  readonly workspaceId: WorkspaceId;
  readonly workspaceSlug: string;
  readonly workspaceName: string;
  readonly projectId: ProjectId;
  readonly projectSlug: string;
  readonly projectName: string;
}

export type Within = { readonly workspaceId: WorkspaceId } | { readonly projectId: ProjectId };

export interface DependentTotals {
  readonly running: number;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly storageBytes: number;
}

/**
 * A kind of resource that lives in projects. Registered by the module that owns it, so that deletion and counts reach it while
 * tenancy imports nothing of a higher rank.
 */
export interface Dependents {
  readonly kind: 'sandboxes' | 'computers' | 'deployments' | 'databases';
  /** Resources that still live (not destroyed), by project; projects without any may be left out. */
  countByProject(db: Db, projectIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Destroys all of them and returns when they are gone; repeating it is harmless. */
  destroyAll(op: Op, within: Within, reason: string): Promise<void>;
  /** The one that stands for each project: what was chosen while it lives there, else the oldest. Projects without any are left out. */
  primaryOf?(db: Db, projects: readonly { readonly id: string; readonly chosen: string | null }[]): Promise<ReadonlyMap<string, string>>;
  /** For `GET /workspaces/{id}/stats`. */
  totals?(db: Db, projectIds: readonly string[]): Promise<DependentTotals>;
}

/** Workspaces an actor can see: all of its organization, or these. */
export type VisibleWorkspaces = 'all' | readonly WorkspaceId[];
