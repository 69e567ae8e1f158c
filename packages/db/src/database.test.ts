import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from './testing.ts';

let t: TestDatabase;
beforeAll(async () => {
  t = await testDatabase();
});
afterAll(() => t.close());

it('gives a migrated database', async () => {
  const { rows } = await sql<{ n: number }>`select count(*) as n from tenants`.execute(t.db.read);
  expect(rows[0]?.n).toBe(0);
});
