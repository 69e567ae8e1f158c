import type { Database } from '@miosa/db';
import { defineRoute, pageOf, positionOf, type Route, raw } from '@miosa/http';
import { Fault, type Op, tenantOf } from '@miosa/kernel';
import { EXPORT_FORMATS, exportEntries, exportFormat } from './export.ts';
import { pageOfEntries, presentEntry } from './list.ts';
import { AuditEntry, AuditQuery, AuditVerdict } from './schemas.ts';
import { createVerifier } from './verify.ts';

const boundTo = ({ actor }: Op): boolean => actor.type === 'key' && actor.workspaceId !== null;

export const auditRoutes = ({ db }: { readonly db: Database }): Route[] => {
  const verify = createVerifier(db);
  return [
    defineRoute({
      id: 'audit.list',
      method: 'GET',
      path: '/audit',
      aliases: ['/audit-log'],
      summary: 'Audit log, newest first',
      description:
        '`Accept: text/csv` or `application/x-ndjson` exports all matching entries at once; `limit` and `cursor` do not count then.',
      access: { scope: 'audit:read' },
      query: AuditQuery,
      response: AuditEntry,
      envelope: 'list',
      alternatives: EXPORT_FORMATS,
      handler: async (op, { query: { limit, cursor, ...filters }, headers }) => {
        const format = exportFormat(headers.accept);
        if (format !== null) {
          const name = `audit.${format === 'text/csv' ? 'csv' : 'ndjson'}`;
          const disposition = `attachment; filename="${name}"`;
          return raw(exportEntries(op, db, filters, format), {
            'content-type': `${format}; charset=utf-8`,
            'content-disposition': disposition,
          });
        }
        // Entries are paged by their sequence number alone; `at` only has to be there.
        const beforeSeq = positionOf(cursor)?.id ?? null;
        const rows = await pageOfEntries(op, db, filters, { beforeSeq, limit: limit + 1 });
        return pageOf(rows, limit, (row) => ({ at: '-', id: String(row.seq) }), presentEntry);
      },
    }),
    defineRoute({
      id: 'audit.verify',
      method: 'GET',
      path: '/audit/verify',
      summary: 'Is the audit log whole and unchanged?',
      description: 'Walks the hash chain of the organization from the oldest entry kept to the newest.',
      access: { scope: 'audit:read', minRole: 'admin', userKeys: false },
      response: AuditVerdict,
      handler: async (op) => {
        if (boundTo(op))
          throw new Fault('FORBIDDEN', 'This key is bound to a workspace; the chain is that of the organization.', {
            details: { reason: 'workspace_bound_key' },
          });
        const { valid, checked, sealedUntil, defect, firstBadId } = await verify(tenantOf(op));
        return { valid, checked, sealed_until: sealedUntil?.toISOString() ?? null, defect, first_bad_id: firstBadId };
      },
    }),
  ];
};
