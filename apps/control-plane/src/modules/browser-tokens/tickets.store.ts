import type { Db } from '@miosa/db';
import type { TenantId } from '@miosa/kernel';
import { sql } from 'kysely';
import type { TicketReference } from './types.ts';

export interface NewTicket {
  readonly hash: Buffer;
  readonly tenantId: TenantId;
  readonly reference: TicketReference;
  readonly stream: string | null;
  readonly expiresAt: Date;
  readonly now: Date;
}

export const insertTicket = async (db: Db, ticket: NewTicket): Promise<void> => {
  await db
    .insertInto('sse_tickets')
    .values({
      ticket_hash: ticket.hash,
      tenant_id: ticket.tenantId,
      reference: JSON.stringify(ticket.reference),
      stream: ticket.stream,
      expires_at: ticket.expiresAt,
      created_at: ticket.now,
    })
    .execute();
};

/** Uses a ticket up. One statement, so of any number of uses exactly one gets the row. A ticket for another path is left as it is. */
export const useTicket = async (db: Db, hash: Buffer, path: string, bound: boolean, now: Date): Promise<TicketReference | undefined> => {
  const row = await db
    .updateTable('sse_tickets')
    .set({ used_at: now })
    .where('ticket_hash', '=', hash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where((where) => where.or([...(bound ? [] : [where('stream', 'is', null)]), where('stream', '=', path)]))
    .returning('reference')
    .executeTakeFirst();
  return row?.reference;
};

/** Tickets live a minute; their rows are of no use after that. */
export const purgeTickets = async (db: Db): Promise<void> => {
  await sql`delete from sse_tickets where expires_at < now() - interval '10 minutes'`.execute(db);
};
