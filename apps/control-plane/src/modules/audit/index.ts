export { record } from './record.ts';
export { auditRoutes } from './routes.ts';
export type { AuditOwnership, AuditRecord } from './types.ts';
