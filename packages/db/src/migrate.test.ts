import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeSchema } from './describe-schema.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open.ts';
import { type TestDatabase, testDatabase } from './testing.ts';

let t: TestDatabase;
let dir: string;
let fresh: string;
beforeAll(async () => {
  t = await testDatabase();
  dir = await mkdtemp(join(tmpdir(), 'miosa-migrations-'));
  await writeFile(join(dir, '0001_a.sql'), 'create table a (id int); insert into a values (1);');
  await writeFile(join(dir, '0002_b.sql'), 'alter table a add b int;');
  const url = new URL(t.url);
  url.pathname += '_fresh';
  fresh = url.href;
});
afterAll(async () => {
  await sql`drop database if exists ${sql.id(new URL(fresh).pathname.slice(1))} with (force)`.execute(t.db.read);
  await t.close();
  await rm(dir, { recursive: true });
});

it('makes the database and applies each file once with several starters at once', async () => {
  await Promise.all(Array.from({ length: 5 }, () => migrate(fresh, dir)));
  const db = openDatabase(fresh);
  expect((await sql`select id, b from a`.execute(db.read)).rows).toEqual([{ id: 1, b: null }]);
  await db.close();
});

it('rolls a failing file back and names it', async () => {
  await writeFile(join(dir, '0003_c.sql'), 'create table c (id int); select nonsense;');
  await expect(migrate(fresh, dir)).rejects.toThrow(/Migration 0003_c.sql failed: .*nonsense/);
  await writeFile(join(dir, '0003_c.sql'), 'create table c (id int);');
  await migrate(fresh, dir);
});

it('refuses a database used by a newer version', async () => {
  const older = await mkdtemp(join(tmpdir(), 'miosa-migrations-'));
  await cp(join(dir, '0001_a.sql'), join(older, '0001_a.sql'));
  await expect(migrate(fresh, older)).rejects.toThrow(/newer version/);
  await rm(older, { recursive: true });
});

it('refuses a file that was changed after it was applied', async () => {
  await writeFile(join(dir, '0002_b.sql'), 'alter table a add c int;');
  await expect(migrate(fresh, dir)).rejects.toThrow(/0002_b.sql was changed/);
});

it('refuses a gap in the numbers', async () => {
  await writeFile(join(dir, '0005_d.sql'), 'select 1;');
  await expect(migrate(fresh, dir)).rejects.toThrow(/expected number 4/);
});

it('leads to the schema that was reviewed (schema.sql; update it with `npx vitest run --project unit packages/db -u`)', async () => {
  await expect(await describeSchema(t.db)).toMatchFileSnapshot('../schema.sql');
});
