export * from './database.ts';
export { type EmbeddedOptions, type EmbeddedPostgres, embeddedPostgres } from './embedded.ts';
export { migrate } from './migrate.ts';
export { openDatabase } from './open.ts';
export type { PoolOptions } from './pool.ts';
export * from './schema.ts';
export { ensureSystemUser, type SystemUser } from './system-user.ts';
export { type TestDatabase, testDatabase } from './testing.ts';
