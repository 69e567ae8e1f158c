import type { Actor } from '@miosa/kernel';
import type { ColumnType } from 'kysely';

export const BULK_ACTIONS = ['pause', 'resume', 'destroy'] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

export interface BulkOperationTable {
  id: string;
  tenant_id: string;
  action: BulkAction;
  /** Read as an object, written as JSON text. */
  actor: ColumnType<Actor, string, never>;
  actor_id: string;
  request_id: string;
  created_at: Date;
}

export interface BulkItemTable {
  operation_id: string;
  position: number;
  sandbox_id: string;
  state: 'queued' | 'completed' | 'failed';
  code: string | null;
  /** Some process works on it until then, or has died. */
  leased_until: Date | null;
}

declare module '@miosa/db' {
  interface Schema {
    bulk_operations: BulkOperationTable;
    bulk_items: BulkItemTable;
  }
}
