import { newId } from '@miosa/kernel';
import { decodeManifest } from '@miosa/releases';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tendBuilds } from '../jobs/builds.ts';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
let sandbox: Awaited<ReturnType<World['create']>>;
beforeAll(async () => {
  world = await createWorld();
  sandbox = await world.create();
});
afterAll(() => world.close());

let made = 0;
const create = async (body: object = {}) => {
  made += 1;
  const {
    status,
    body: answer,
    text,
  } = await world.call('POST', '/deployments', { name: `Site ${made}`, project_id: sandbox.project_id, ...body });
  if (status !== 201) throw new Error(`create: ${status} ${text}`);
  return answer.data;
};
const write = (files: Readonly<Record<string, string>>) => world.write(sandbox.id, files);
const publish = (id: string, body: object = {}) =>
  world.call('POST', `/deployments/${id}/publish`, { source_sandbox_id: sandbox.id, output_path: 'dist', ...body });
const get = async (id: string) => (await world.call('GET', `/deployments/${id}`)).body.data;
const routeOf = async (name: string) => {
  const { rows } = await sql<Record<string, unknown>>`select * from edge_deployments where name = ${name}`.execute(world.core.db.read);
  return rows[0];
};
const organization = async (): Promise<string> => {
  const { rows } = await sql<{ slug: string }>`select slug from tenants where id = ${world.tenantId}`.execute(world.core.db.read);
  return rows[0]?.slug ?? '';
};

describe('a publish', () => {
  it('stores each content once, names all of them in the manifest, and tells the edge by one row', async () => {
    const deployment = await create();
    const text = 'a { color: red }\n'.repeat(100);
    await write({
      'dist/index.html': '<h1>one</h1>',
      'dist/a.css': text,
      'dist/b.css': text,
      'dist/_headers': '/*\n  X-A: b\n',
      'src/secret.txt': 'no',
    });
    const { status, body } = await publish(deployment.id);
    expect(status).toBe(201);
    const { version, release } = body.data;
    const manifest = decodeManifest(await world.core.blobs.get(`${world.tenantId}/${release.sha256}`));
    expect(manifest.files.map(({ path }) => path)).toEqual(['a.css', 'b.css', 'index.html']);
    expect(manifest.headers).toEqual([{ pattern: '/*', set: [['X-A', 'b']] }]);
    const [a, b] = manifest.files;
    expect([a?.sha256, a?.br?.sha256]).toEqual([b?.sha256, b?.br?.sha256]);
    const form = await world.core.blobs.get(`${world.tenantId}/${a?.br?.sha256}`);
    expect(form.length).toBe(a?.br?.size);
    expect(await routeOf(`${deployment.slug}.${await organization()}`)).toMatchObject({
      deployment_id: deployment.id,
      state: 'running',
      version_id: version.id,
      kind: 'static',
      manifest_sha256: release.sha256,
      instances: [],
    });
    expect(version.artifact_manifest).toEqual({ files: 3, total_bytes: 12 + 2 * text.length, entrypoint: 'index.html' });
  });

  it('is written down: audit entry, events in their order, and the version with its source', async () => {
    const deployment = await create();
    await write({ 'dist/index.html': 'x' });
    const { version, build } = (await publish(deployment.id, { metadata: { by: 'agent' } })).body.data;
    expect(version).toMatchObject({ metadata: { by: 'agent' }, source_sandbox_id: sandbox.id, build_id: build.id, env_revision: 0 });
    const { rows } = await sql<{ type: string }>`
      select type from event_inbox where resource_id = ${deployment.id} union all
      select type from events where resource_id = ${deployment.id}`.execute(world.core.db.read);
    expect(new Set(rows.map(({ type }) => type))).toEqual(
      new Set(['deployment.created', 'deployment.build_started', 'deployment.build_succeeded', 'deployment.published']),
    );
    const entries = await world.call('GET', `/audit?resource_id=${deployment.id}`).catch(() => undefined);
    if (entries?.status === 200) expect(entries.body.data.map(({ action }: { action: string }) => action)).toContain('deployments.publish');
  });

  it('of another project’s sandbox, or of one that the caller cannot see, is refused before anything is made', async () => {
    const deployment = await create();
    const other = await world.create({ project_slug: 'another' });
    expect((await publish(deployment.id, { source_sandbox_id: other.id })).body.error.code).toBe('OWNERSHIP_CONFLICT');
    expect((await publish(deployment.id, { source_sandbox_id: newId('sbx') })).status).toBe(404);
    expect((await publish(deployment.id, { source_snapshot_id: newId('snp') })).status).toBe(422);
    expect((await world.call('GET', `/deployments/${deployment.id}/versions`)).body.data).toEqual([]);
  });

  it('that fails is an error with its ids; a first one leaves the deployment failed, a later one what is live', async () => {
    const deployment = await create();
    const bad = await publish(deployment.id, { output_path: 'nowhere' });
    expect(bad.status).toBe(422);
    expect(bad.body.error.details).toMatchObject({ deployment_id: deployment.id, state: 'failed' });
    expect(await get(deployment.id)).toMatchObject({ state: 'failed', active_version_id: null });
    await write({ 'dist/index.html': 'good' });
    const good = (await publish(deployment.id)).body.data;
    await write({ 'dist/_redirects': '/a javascript:alert(1)' });
    const broken = await publish(deployment.id);
    expect([broken.status, broken.body.error.message]).toEqual([422, expect.stringContaining('line 1')]);
    await write({ 'dist/_redirects': '' });
    expect(await get(deployment.id)).toMatchObject({ state: 'running', active_version_id: good.version.id });
  });

  it('asked for twice with one key is one version; with `wait: false` it is answered before it is done', async () => {
    const deployment = await create();
    await write({ 'dist/index.html': 'once' });
    const body = { source_sandbox_id: sandbox.id, output_path: 'dist' };
    const headers = { 'idempotency-key': 'publish-once' };
    const path = `/deployments/${deployment.id}/publish`;
    const [first, again] = [await world.call('POST', path, body, { headers }), await world.call('POST', path, body, { headers })];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body.data.version.id).toBe(first.body.data.version.id);
    const later = await publish(deployment.id, { wait: false });
    expect([later.status, later.body.data.promoted]).toEqual([202, false]);
    await world.settle();
    expect((await get(deployment.id)).active_version_id).toBe(later.body.data.version.id);
  });

  it('of many at once: they run in turn, and the newest is live', async () => {
    const deployment = await create();
    const answers = await Promise.all(Array.from({ length: 6 }, () => publish(deployment.id)));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(201));
    const { data } = (await world.call('GET', `/deployments/${deployment.id}/versions`)).body;
    const numbers = data.map(({ version_number }: { version_number: number }) => version_number);
    expect(numbers.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    const newest = data.find(({ version_number }: { version_number: number }) => version_number === 6);
    expect((await get(deployment.id)).active_version_id).toBe(newest.id);
  });

  it('whose process died is ended when its lease is over, and its version never becomes live', async () => {
    const deployment = await create();
    const { version, build } = (await publish(deployment.id)).body.data;
    await sql`update deployment_versions set state = 'building', release_id = null where id = ${version.id}`.execute(world.core.db.read);
    await sql`update deployment_builds set state = 'building', finished_at = null, lease_until = now() - interval '1 minute' where id = ${build.id}`.execute(
      world.core.db.read,
    );
    await tendBuilds(world.core);
    const ended = (await world.call('GET', `/deployments/${deployment.id}/versions/${version.id}`)).body.data;
    expect(ended).toMatchObject({ state: 'failed', state_reason: expect.stringContaining('has ended') });
  });
});

describe('promotion', () => {
  it('never lets an older publish replace a newer live one', async () => {
    const deployment = await create();
    await write({ 'dist/index.html': '1' });
    const one = (await publish(deployment.id, { promote: false })).body.data;
    expect(one.deployment.state).toBe('pending');
    const two = (await publish(deployment.id)).body.data;
    await sql`update deployment_builds set state = 'queued', promote = true, finished_at = null where id = ${one.build.id}`.execute(
      world.core.db.read,
    );
    await tendBuilds(world.core);
    await world.settle();
    expect((await get(deployment.id)).active_version_id).toBe(two.version.id);
    // Asked for by name it does.
    const promoted = await world.call('POST', `/deployments/${deployment.id}/versions/${one.version.id}/promote`);
    expect(promoted.body.data).toMatchObject({ active_version_id: one.version.id, previous_version_id: two.version.id });
  });

  it('and rollback of what was collected is 410, and nothing changes', async () => {
    const deployment = await create();
    const one = (await publish(deployment.id)).body.data;
    const two = (await publish(deployment.id)).body.data;
    await sql`update deployment_releases set collected_at = now() where id = ${one.release.id}`.execute(world.core.db.read);
    const rollback = await world.call('POST', `/deployments/${deployment.id}/rollback`);
    expect([rollback.status, rollback.body.error.code]).toEqual([410, 'GONE']);
    expect((await get(deployment.id)).active_version_id).toBe(two.version.id);
  });

  it('says what to do when there is nothing to go back to', async () => {
    const deployment = await create();
    const { status, body } = await world.call('POST', `/deployments/${deployment.id}/rollback`);
    expect([status, body.error.details.reason]).toEqual([409, 'no_previous_version']);
  });
});

describe('the environment', () => {
  it('is frozen with the version, comes back with a rollback, and cannot be read from the database', async () => {
    const deployment = await create({ env: { TOKEN: 'first-secret' } });
    const one = (await publish(deployment.id)).body.data;
    await world.call('PUT', `/deployments/${deployment.id}/env`, {
      vars: [
        { key: 'TOKEN', value: 'second-secret' },
        { key: 'OPEN', value: 'x', encrypted: false },
      ],
    });
    const two = (await publish(deployment.id)).body.data;
    expect([one.version.env_revision, two.version.env_revision]).toEqual([1, 2]);
    const listed = (await world.call('GET', `/deployments/${deployment.id}/env`)).body.data;
    expect(listed.map(({ key, value }: { key: string; value: string }) => [key, value])).toEqual([
      ['OPEN', 'x'],
      ['TOKEN', null],
    ]);
    await world.call('POST', `/deployments/${deployment.id}/rollback`);
    const { rows } = await sql<{ active_env_revision: number; sealed: string }>`
      select d.active_env_revision, encode(e.sealed_vars, 'escape') as sealed from deployments d join deployment_env e on e.deployment_id = d.id
       where d.id = ${deployment.id}`.execute(world.core.db.read);
    expect(rows[0]?.active_env_revision).toBe(1);
    for (const { sealed } of rows) expect(sealed).not.toContain('secret');
  });

  it('refuses a revision that was tampered with', async () => {
    const deployment = await create({ env: { A: '1' } });
    await sql`update deployment_env set sha256 = repeat('0', 64) where deployment_id = ${deployment.id}`.execute(world.core.db.read);
    expect((await world.call('GET', `/deployments/${deployment.id}/env`)).status).toBe(500);
  });
});

describe('names', () => {
  it('are unique in the organization, and a name left behind stays its own', async () => {
    const first = await create({ name: 'Lead Magnet' });
    const second = await create({ name: 'Lead Magnet' });
    expect(first.slug).toBe('lead-magnet');
    expect(second.slug).toMatch(/^lead-magnet-[0-9a-z]{4}$/);
    expect((await world.call('POST', '/deployments', { name: 'x', slug: 'lead-magnet' })).body.error.code).toBe('SLUG_TAKEN');
    await world.call('PATCH', `/deployments/${first.id}`, { slug: 'program' });
    const org = await organization();
    expect(await routeOf(`lead-magnet.${org}`)).toMatchObject({ state: 'deleted' });
    expect(await routeOf(`program.${org}`)).toMatchObject({ deployment_id: first.id });
    await world.call('PATCH', `/deployments/${second.id}`, { slug: 'lead-magnet' });
    expect(await routeOf(`lead-magnet.${org}`)).toMatchObject({ deployment_id: second.id, state: 'pending' });
    await world.call('DELETE', `/deployments/${second.id}`);
    expect(await routeOf(`lead-magnet.${org}`)).toMatchObject({ state: 'deleted' });
  });

  it('are the same deployment for `sandboxes.deploy` of one project, however many ask at once', async () => {
    await write({ 'dist/index.html': 'same' });
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => world.call('POST', `/sandboxes/${sandbox.id}/deploy`, { name: 'Booking', output_path: 'dist' })),
    );
    expect(new Set(answers.map(({ body }) => body.data.deployment.id)).size).toBe(1);
  });
});

it('shows the sites of a suspended organization to nobody, and again when it may', async () => {
  const deployment = await create();
  await publish(deployment.id);
  const name = `${deployment.slug}.${await organization()}`;
  await sql`update tenants set suspended_at = now() where id = ${world.tenantId}`.execute(world.core.db.read);
  expect(await routeOf(name)).toMatchObject({ state: 'stopped' });
  await sql`update tenants set suspended_at = null where id = ${world.tenantId}`.execute(world.core.db.read);
  expect(await routeOf(name)).toMatchObject({ state: 'running' });
});
