import type { Database } from '@miosa/db';
import { defineRoute, pageOf, positionOf, type Route } from '@miosa/http';
import { pageOfEntries, presentEntry } from './list.ts';
import { AuditEntry, AuditQuery } from './schemas.ts';

export const auditRoutes = ({ db }: { readonly db: Database }): Route[] => [
  defineRoute({
    id: 'audit.list',
    method: 'GET',
    path: '/audit',
    aliases: ['/audit-log'],
    summary: 'Audit log, newest first',
    access: { scope: 'audit:read' },
    query: AuditQuery,
    response: AuditEntry,
    envelope: 'list',
    handler: async (op, { query: { limit, cursor, ...filters } }) => {
      // Entries are paged by their sequence number alone; `at` only has to be there.
      const beforeSeq = positionOf(cursor)?.id ?? null;
      const rows = await pageOfEntries(op, db, filters, { beforeSeq, limit: limit + 1 });
      return pageOf(rows, limit, (row) => ({ at: '-', id: String(row.seq) }), presentEntry);
    },
  }),
];
