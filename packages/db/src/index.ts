export * from './database.ts';
export * from './schema.ts';
