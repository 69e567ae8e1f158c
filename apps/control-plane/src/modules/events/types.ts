import type { ColumnType, Generated } from 'kysely';

/** Whose event it is, and so who sees it. What is missing belongs to the organization alone. */
export interface EventOwnership {
  readonly workspaceId?: string | null;
  readonly projectId?: string | null;
  /** The user a resource belongs to: keys of users see their own only. */
  readonly ownerUserId?: string | null;
  readonly externalWorkspaceId?: string | null;
  readonly externalUserId?: string | null;
  readonly externalProjectId?: string | null;
}

export interface NewEvent {
  /** `<family>.<what happened>` of contract 4.21. */
  readonly type: string;
  readonly resource: { readonly type: string; readonly id: string };
  /** The object after the change as the API shows it, without secrets. */
  readonly data: object;
  readonly ownership?: EventOwnership;
}

export interface EventActor {
  readonly type: string;
  readonly id: string;
  readonly name: string;
}

interface EventColumns {
  tenant_id: string;
  type: string;
  workspace_id: string | null;
  project_id: string | null;
  owner_user_id: string | null;
  external_workspace_id: string | null;
  external_user_id: string | null;
  external_project_id: string | null;
  /** Read as objects, written as JSON text. */
  actor: ColumnType<EventActor | null, string | null, never>;
  resource_type: string;
  resource_id: string;
  narrow: boolean;
  data: ColumnType<Record<string, unknown>, string, never>;
  created_at: Date;
}

export interface EventInboxTable extends EventColumns {
  seq: Generated<string>;
}
export interface EventTable extends EventColumns {
  id: string;
}
export interface EventOrderTable {
  ms: string;
  n: string;
  last_id: string;
}

declare module '@miosa/db' {
  interface Schema {
    event_inbox: EventInboxTable;
    events: EventTable;
    event_order: EventOrderTable;
  }
}
