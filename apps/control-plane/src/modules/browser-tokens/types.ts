import type { BrowserTokenPayload } from '@miosa/hostnames';
import type { TenantId } from '@miosa/kernel';
import type { ColumnType } from 'kysely';
import type { CredentialReference } from '../access/index.ts';

/** Who minted a ticket, without the secret: judged again when the ticket is used. */
export type TicketReference = CredentialReference | { readonly type: 'browser'; readonly payload: BrowserTokenPayload };

export interface SseTicketTable {
  ticket_hash: Buffer;
  tenant_id: TenantId;
  reference: ColumnType<TicketReference, string, never>;
  stream: string | null;
  expires_at: Date;
  used_at: Date | null;
  created_at: ColumnType<Date, Date, never>;
}

declare module '@miosa/db' {
  interface Schema {
    sse_tickets: SseTicketTable;
  }
}
