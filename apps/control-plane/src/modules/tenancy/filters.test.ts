import { type TestDatabase, testDatabase } from '@miosa/db';
import { newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OwnedFilters, ownedWhere, visibleWhere } from './filters.ts';

let t: TestDatabase;
const [w, p] = [newUuid(), newUuid()];
beforeAll(async () => {
  t = await testDatabase();
  await sql`create table owned (workspace_id uuid, project_id uuid, external_workspace_id text, external_user_id text,
    external_project_id text, state text, name text, slug text, tags text[])`.execute(t.db.read);
  await sql`insert into owned values (${w}, ${p}, 'clinic_123', 'u', 'pp', 'running', 'N', 's', array['a', 'b']),
    (${newUuid()}, ${newUuid()}, null, null, null, 'paused', 'M', 't', '{}')`.execute(t.db.read);
});
afterAll(() => t.close());

const names = async (filters: OwnedFilters): Promise<string[]> =>
  (await sql<{ name: string }>`select o.name from owned o where ${ownedWhere('o', filters)} order by 1`.execute(t.db.read)).rows.map(
    (r) => r.name,
  );

it('finds what every given filter matches', async () => {
  expect(await names({})).toEqual(['M', 'N']);
  const matching = {
    workspace_id: w,
    project_id: p,
    external_workspace_id: 'clinic_123',
    external_user_id: 'u',
    external_project_id: 'pp',
  };
  expect(await names({ ...matching, state: 'running', name: 'N', slug: 's', tag: 'b' })).toEqual(['N']);
  expect(await names({ ...matching, slug: 't' })).toEqual([]);
});

it.each([
  { workspace_id: 'no uuid' },
  { project_id: "' or true --" },
  { state: 'flying' },
  { tag: 'c' },
  { tag: 'a,b' },
  { external_user_id: '%' },
  { external_workspace_id: 'CLINIC_123' },
])('finds nothing for %j', async (filters) => expect(await names(filters)).toEqual([]));

it('limits to the workspaces that are visible', async () => {
  const visible = async (ids: 'all' | string[]) =>
    (await sql`select 1 from owned o where ${visibleWhere('o.workspace_id', ids)}`.execute(t.db.read)).rows.length;
  expect([await visible('all'), await visible([w]), await visible([])]).toEqual([2, 1, 0]);
});
