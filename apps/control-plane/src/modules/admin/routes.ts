import { defineRoute, pageOf, positionOf, type Route } from '@miosa/http';
import type { Op, TenantId } from '@miosa/kernel';
import { AuditEntry, type AuditRecord, pageOfAllEntries, presentEntry } from '../audit/index.ts';
import { type Core, recordIn } from './core.ts';
import { keyRoutes } from './keys.routes.ts';
import { databaseFacts, sandboxesByState, totals } from './overview.store.ts';
import { AdminAuditQuery, Dashboard, Health, Stats } from './schemas.ts';
import { tenantRoutes } from './tenants.routes.ts';
import { userRoutes } from './users.routes.ts';

const access = { scope: null, operator: true } as const;

const noted = (op: Op, core: Core, action: string, metadata: AuditRecord['metadata'] = {}): Promise<void> =>
  recordIn(core.db.read, op, [], { action, resourceType: 'installation', metadata });

const overviewRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'admin.dashboard',
    method: 'GET',
    path: '/admin/dashboard',
    summary: 'The installation in six numbers',
    access,
    response: Dashboard,
    handler: async (op) => {
      await noted(op, core, 'admin.dashboard');
      const [all, states] = await Promise.all([totals(core.db.read), sandboxesByState(core.db.read)]);
      return {
        tenants: all.tenants,
        users: all.users,
        api_keys: all.keys_active,
        sandboxes: Object.values(states).reduce((sum, n) => sum + n, 0),
        sandboxes_running: states.running ?? 0,
        denied_24h: all.denied_24h,
      };
    },
  }),
  defineRoute({
    id: 'admin.stats',
    method: 'GET',
    path: '/admin/stats',
    summary: 'Counts over all organizations',
    access,
    response: Stats,
    handler: async (op) => {
      await noted(op, core, 'admin.stats');
      const [all, sandboxes] = await Promise.all([totals(core.db.read), sandboxesByState(core.db.read)]);
      return {
        tenants: { total: all.tenants, suspended: all.tenants_suspended },
        users: { total: all.users, suspended: all.users_suspended, operators: all.operators },
        api_keys: { active: all.keys_active },
        sandboxes,
        audit: { entries_24h: all.entries_24h, denied_24h: all.denied_24h },
      };
    },
  }),
  defineRoute({
    id: 'admin.health',
    method: 'GET',
    path: '/admin/health/detailed',
    summary: 'State of this control plane and what it depends on',
    access,
    response: Health,
    handler: async (op) => {
      await noted(op, core, 'admin.health');
      const dependencies = await core.readiness();
      const begun = performance.now();
      const { connections, size, unsealed } = await databaseFacts(core.db.read);
      return {
        status: Object.values(dependencies).every(Boolean) ? ('operational' as const) : ('degraded' as const),
        version: core.version,
        uptime_seconds: Math.floor(process.uptime()),
        memory_bytes: process.memoryUsage.rss(),
        dependencies,
        database: { latency_ms: Math.round((performance.now() - begun) * 100) / 100, connections, size_bytes: size },
        audit: { unsealed },
      };
    },
  }),
  defineRoute({
    id: 'admin.audit',
    method: 'GET',
    path: '/admin/audit',
    summary: 'Audit log of all organizations, newest first',
    access,
    query: AdminAuditQuery,
    response: AuditEntry,
    envelope: 'list',
    handler: async (op, { query: { limit, cursor, tenant_id, ...filters } }) => {
      await noted(op, core, 'admin.audit', { tenant_id, ...filters });
      const beforeSeq = positionOf(cursor)?.id ?? null;
      const rows = await pageOfAllEntries(core.db, (tenant_id ?? null) as TenantId | null, filters, { beforeSeq, limit: limit + 1 });
      return pageOf(rows, limit, (row) => ({ at: '-', id: String(row.seq) }), presentEntry);
    },
  }),
];

export const allRoutes = (core: Core): Route[] => [...overviewRoutes(core), ...userRoutes(core), ...tenantRoutes(core), ...keyRoutes(core)];
