import { type Database, openDatabase, type TestDatabase, testDatabase } from '@miosa/db';
import { newId, newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDeploymentStore } from './deployment-store.ts';
import { createRouteStore } from './store.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

// The tables' rows are other modules' business; here only the shape of the views is at stake.
it('reads the three published views of an empty database', async () => {
  const store = createRouteStore(test.db);
  expect(await store.sandboxBySlug('sbx0000000000')).toBeNull();
  expect(await store.sandboxById('sbx_0')).toBeNull();
  expect(await store.share(Buffer.alloc(32))).toBeNull();
  expect(await store.key('550e8400-e29b-41d4-a716-446655440000')).toEqual({
    id: '550e8400-e29b-41d4-a716-446655440000',
    revokedAt: null,
    expiresAt: null,
  });
});

it('reads the published views of deployments', async () => {
  const store = createDeploymentStore(test.db);
  expect(await store.all(10)).toEqual([]);
  expect(await store.byName('managed', 'a.b')).toBeNull();
  expect(await store.byIds(['dep_0', 'dep_1'])).toEqual([]);
  expect(await store.version('a.b', '0123456789')).toBeNull();
});

describe('deployments as the edge’s own role sees them', () => {
  const [tenant, workspace, project] = [newUuid(), newUuid(), newUuid()];
  const [id, machine, staticVersion, dynamicVersion] = [newId('dep'), newId('sbx'), newId('ver'), newId('ver')];
  const endpoint = { socketPath: '/run/agent.sock' };
  let role: Database;

  beforeAll(async () => {
    const { read } = test.db;
    await sql`insert into tenants (id, slug) values (${tenant}, 'cliniciq')`.execute(read);
    await sql`insert into workspaces (id, tenant_id, name, slug) values (${workspace}, ${tenant}, 'w', 'w')`.execute(read);
    await sql`insert into projects (id, tenant_id, workspace_id, name, slug) values (${project}, ${tenant}, ${workspace}, 'p', 'p')`.execute(
      read,
    );
    await sql`insert into sandboxes (id, tenant_id, workspace_id, project_id, name, slug, state, template_id, size, cpu_count, memory_mb,
        disk_size_mb, persistent, always_on, timeout_sec, idle_timeout_sec, created_by, endpoint, purpose)
      values (${machine}, ${tenant}, ${workspace}, ${project}, 's', 'sbx0123456789', 'running', 't', 'small', 2, 4096, 10240, true, false, 3600,
        0, 'test', ${JSON.stringify(endpoint)}::jsonb, 'instance')`.execute(read);
    await sql`insert into deployments (id, tenant_id, workspace_id, project_id, name, slug, state, source_type, auto_deploy, replicas, size, spa,
        created_by, created_at, updated_at)
      values (${id}, ${tenant}, ${workspace}, ${project}, 'Site', 'site', 'running', 'sandbox', false, 1, 'xs', 'auto', 'test', now(), now())`.execute(
      read,
    );
    for (const [version, number, kind] of [
      [staticVersion, 1, 'static'],
      [dynamicVersion, 2, 'dynamic'],
    ] as const) {
      const release = newId('rel');
      await sql`insert into deployment_releases (id, deployment_id, version_id, kind, sha256, size_bytes, created_at)
        values (${release}, ${id}, ${version}, ${kind === 'static' ? 'static' : 'rootfs'}, ${`sha-${number}`}, 1, now())`.execute(read);
      await sql`insert into deployment_versions (id, deployment_id, tenant_id, version_number, kind, state, source_type, source, request,
          env_revision, release_id, created_by, created_at, updated_at)
        values (${version}, ${id}, ${tenant}, ${number}, ${kind}, 'ready', 'sandbox', '{}', '{}', 0, ${release}, 'test', now(), now())`.execute(
        read,
      );
      if (kind === 'dynamic')
        await sql`insert into deployment_instances (id, deployment_id, version_id, release_id, tenant_id, machine_id, env_revision, state, port,
            created_at, updated_at)
          values (${newId('ins')}, ${id}, ${version}, ${release}, ${tenant}, ${machine}, 0, 'healthy', 3000, now(), now())`.execute(read);
    }
    await sql`update deployments set active_version_id = ${dynamicVersion}`.execute(read);
    await sql`insert into host_routes (space, name, tenant_id, resource_type, resource_id)
      values ('managed', 'site.cliniciq', ${tenant}, 'deployment', ${id})`.execute(read);
    const url = new URL(test.url);
    url.username = 'miosa_edge';
    role = openDatabase(url.href, { connections: 1 });
  });
  afterAll(() => role.close());

  it('are whole: the live version with its instances, and any version by its suffix', async () => {
    const store = createDeploymentStore(role);
    const live = await store.byName('managed', 'site.cliniciq');
    expect(live).toMatchObject({ deploymentId: id, state: 'running', kind: 'dynamic', versionId: dynamicVersion });
    expect(live?.instances).toMatchObject([{ state: 'healthy', port: 3000, machineId: machine, machineState: 'running', endpoint }]);
    expect(await store.byIds([id])).toEqual([live]);
    expect(await store.all(10)).toEqual([live]);
    expect(await store.version('site.cliniciq', staticVersion.slice(-10))).toMatchObject({ kind: 'static', manifestSha256: 'sha-1' });
    expect(await createRouteStore(role).sandboxBySlug('sbx0123456789')).toBeNull(); // its machine has no previews
  });

  it('and nothing else: no table of theirs can be read', async () => {
    for (const table of ['deployments', 'deployment_env', 'deployment_instances', 'host_routes', 'sandboxes'])
      await expect(sql`select 1 from ${sql.table(table)}`.execute(role.read)).rejects.toThrow('permission denied');
  });
});
