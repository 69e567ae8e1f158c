import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Database } from './database.ts';
import { openDatabase } from './open.ts';

/** Set by the global set-up of the test run (`test-server.ts`): URL of its server's template database. */
export const TEST_SERVER_VARIABLE = 'MIOSA_TEST_DATABASE';

export const TEMPLATE = 'template_miosa';

export interface TestDatabase {
  readonly url: string;
  readonly db: Database;
  close(): Promise<void>;
}

const withDatabase = (url: string, name: string): string => {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.href;
};

const admin = async (url: string, statement: string): Promise<void> => {
  const client = new pg.Client(withDatabase(url, 'postgres'));
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/** A migrated database of one's own (about 0.1 s); closing drops it. Only in tests. */
export const testDatabase = async (): Promise<TestDatabase> => {
  const server = process.env[TEST_SERVER_VARIABLE];
  if (server === undefined) throw new Error(`${TEST_SERVER_VARIABLE} is not set: run under vitest, project "unit"`);
  const name = `test_${randomBytes(8).toString('hex')}`;
  // file_copy needs no WAL for the copy; with a throwaway server it is the faster strategy.
  await admin(server, `create database ${name} template ${TEMPLATE} strategy file_copy`);
  const url = withDatabase(server, name);
  const db = openDatabase(url, { connections: 10 });
  return {
    url,
    db,
    close: async () => {
      await db.close();
      await admin(server, `drop database ${name} with (force)`);
    },
  };
};
