import { newUuid } from '@miosa/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from '../access/testing/installation.ts';

let t: Installation;
let foreign: string;
/** Living "sandboxes" by project, standing in for a module that registered. */
const living = new Map<string, number>();
const destroyed: unknown[] = [];

beforeAll(async () => {
  t = await createInstallation();
  foreign = (await t.addTenant('Other Org')).key;
  t.tenancy.registerDependents({
    kind: 'sandboxes',
    countByProject: async (_db, ids) => new Map(ids.flatMap((id) => (living.has(id) ? [[id, living.get(id) ?? 0] as const] : []))),
    destroyAll: async (_op, within, reason) => {
      destroyed.push({ ...within, reason });
      living.clear();
    },
    totals: async (_db, ids) => ({ running: ids.filter((id) => living.has(id)).length, vcpus: 2, memoryMiB: 4096, storageBytes: 0 }),
  });
});
afterAll(() => t.close());
beforeEach(() => {
  living.clear();
  destroyed.length = 0;
});

const make = async (body: object = {}, as?: string) => {
  const answer = await t.call('POST', '/workspaces', { name: `W ${newUuid()}`, ...body }, as === undefined ? {} : { as });
  expect(answer.status).toBe(201);
  return answer.body.data;
};
const makeProject = async (body: object = {}) => {
  const answer = await t.call('POST', '/projects', { name: `P ${newUuid()}`, ...body });
  expect(answer.status).toBe(201);
  return answer.body.data;
};
const code = (answer: { body: { error: { code: string } } }) => answer.body.error.code;

describe('workspaces', () => {
  it('are made with a derived or chosen slug, and shown as they are', async () => {
    const made = await make({
      name: 'Dr. Smith Clinic',
      external_workspace_id: 'clinic_123',
      metadata: { tier: 'gold' },
      settings: { x: 1 },
    });
    expect(made).toMatchObject({
      name: 'Dr. Smith Clinic',
      slug: 'dr-smith-clinic',
      external_workspace_id: 'clinic_123',
      is_default: false,
      metadata: { tier: 'gold' },
      settings: {},
      counts: { projects: 0, sandboxes: 0, computers: 0, deployments: 0, databases: 0 },
    });
    expect(made.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect((await t.call('GET', `/workspaces/${made.id}`)).body.data).toEqual(made);
    expect((await make({ name: 'Dr. Smith Clinic' })).slug).toMatch(/^dr-smith-clinic-[0-9a-z]{4}$/);
    expect(code(await t.call('POST', '/workspaces', { name: 'x', slug: 'dr-smith-clinic' }))).toBe('SLUG_TAKEN');
    expect(code(await t.call('POST', '/workspaces', { name: 'x', slug: 'admin' }))).toBe('VALIDATION_ERROR');
  });

  it('are found again by a known external id: 200, unchanged, also by twenty at once', async () => {
    const external_workspace_id = newUuid();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => t.call('POST', '/workspaces', { name: `Same ${i}`, external_workspace_id })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
  });

  it('are merged by PATCH, null clearing; settings are replaced by PUT', async () => {
    const { id, slug } = await make({ metadata: { a: 1, b: { c: 2, d: 3 } }, settings: { idle_timeout_sec: 60, markup_percent: 5 } });
    const patch = {
      name: 'New',
      description: 'd',
      slug: 'ignored',
      metadata: { a: null, b: { c: 4 } },
      settings: { markup_percent: null },
    };
    expect((await t.call('PATCH', `/workspaces/${id}`, patch)).body.data).toMatchObject({
      name: 'New',
      slug,
      description: 'd',
      metadata: { b: { c: 4, d: 3 } },
      settings: { idle_timeout_sec: 60 },
    });
    const put = await t.call('PUT', `/workspaces/${id}/settings`, { default_sandbox_size: 'xs', unknown: 1 });
    expect(put.body.data.settings).toEqual({ default_sandbox_size: 'xs' });
    expect(code(await t.call('PUT', `/workspaces/${id}/settings`, { default_sandbox_size: 'huge' }))).toBe('VALIDATION_ERROR');
    const big = { metadata: { x: 'y'.repeat(17_000) } };
    expect(code(await t.call('PATCH', `/workspaces/${id}`, big))).toBe('VALIDATION_ERROR');
    let nested: object = {};
    for (let i = 0; i < 1000; i++) nested = { a: nested };
    expect(code(await t.call('PATCH', `/workspaces/${id}`, { metadata: nested }))).toBe('VALIDATION_ERROR');
    expect(code(await t.call('PATCH', `/workspaces/${id}`, { metadata: { deep: { bad: 'a\u0007' } } }))).toBe('VALIDATION_ERROR');
  });

  it('keep links apart: one that is taken is a conflict', async () => {
    const [a, b] = [await make({ external_workspace_id: newUuid() }), await make()];
    const body = { external_workspace_id: a.external_workspace_id };
    expect(code(await t.call('PATCH', `/workspaces/${b.id}`, body))).toBe('CONFLICT');
    expect((await t.call('PATCH', `/workspaces/${a.id}`, { external_workspace_id: null })).body.data.external_workspace_id).toBeNull();
    expect((await t.call('PATCH', `/workspaces/${b.id}`, body)).status).toBe(200);
  });

  it('are listed newest first, page by page, each once', async () => {
    const made = [];
    for (let i = 0; i < 7; i++) made.push((await make()).id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await t.call('GET', `/workspaces?limit=3${cursor}`);
      seen.push(...body.data.map((w: { id: string }) => w.id));
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    expect(seen.slice(0, 7)).toEqual(made.reverse());
    expect(new Set(seen).size).toBe(seen.length);
    const { body } = await t.call('GET', '/workspaces?limit=1');
    expect((await t.call('GET', `/workspaces?limit=1&cursor=${body.next_cursor}`, undefined, { as: foreign })).status).toBe(400);
  });

  it('filter by name, slug and external id; an unknown value is an empty list', async () => {
    const made = await make({ external_workspace_id: newUuid() });
    for (const filter of [
      `slug=${made.slug}`,
      `external_workspace_id=${made.external_workspace_id}`,
      `name=${encodeURIComponent(made.name)}`,
    ]) {
      expect((await t.call('GET', `/workspaces?${filter}`)).body.data.map((w: { id: string }) => w.id)).toEqual([made.id]);
    }
    expect((await t.call('GET', '/workspaces?slug=none')).body).toEqual({ data: [], next_cursor: null });
  });
});

describe('projects', () => {
  it('belong to the workspace that is named, else to the default one', async () => {
    const workspace = await make();
    const made = await makeProject({ name: 'Summer Lead Magnet', workspace_slug: workspace.slug, external_project_id: 'project_789' });
    expect(made).toMatchObject({
      slug: 'summer-lead-magnet',
      workspace_id: workspace.id,
      workspace_slug: workspace.slug,
      external_project_id: 'project_789',
      primary_deployment_id: null,
      counts: { sandboxes: 0 },
    });
    expect(made.counts).not.toHaveProperty('projects');
    expect((await makeProject()).workspace_slug).toBe('default');
    expect(code(await t.call('POST', '/projects', { name: 'x', slug: 'summer-lead-magnet', workspace_id: workspace.id }))).toBe(
      'SLUG_TAKEN',
    );
    expect((await t.call('GET', `/workspaces/${workspace.id}`)).body.data.counts.projects).toBe(1);
    const { body } = await t.call('GET', `/projects?workspace_id=${workspace.id}`);
    expect(body.data).toEqual([made]);
    expect((await t.call('GET', '/projects?workspace_id=nonsense')).body.data).toEqual([]);
    expect(code(await t.call('POST', '/projects', { name: 'x', workspace_id: workspace.id, workspace_slug: 'default' }))).toBe(
      'OWNERSHIP_CONFLICT',
    );
  });

  it('change but for slug and workspace', async () => {
    const made = await makeProject();
    const { body } = await t.call('PATCH', `/projects/${made.id}`, { name: 'New', settings: { idle_timeout_sec: 600 }, slug: 'x' });
    expect(body.data).toMatchObject({ name: 'New', slug: made.slug, settings: { idle_timeout_sec: 600 }, workspace_slug: 'default' });
  });
});

describe('deletion', () => {
  it('refuses what has content and says what; force destroys everything inside first', async () => {
    const workspace = await make();
    const project = await makeProject({ workspace_id: workspace.id });
    living.set(project.id, 2);
    expect((await t.call('GET', `/workspaces/${workspace.id}/stats`)).body.data).toMatchObject({
      sandboxes: 2,
      running: 1,
      vcpus: 2,
      memory_mb: 4096,
    });
    expect((await t.call('DELETE', `/projects/${project.id}`)).body.error).toMatchObject({
      code: 'NOT_EMPTY',
      details: { counts: { sandboxes: 2 } },
    });
    expect((await t.call('DELETE', `/workspaces/${workspace.id}`)).body.error).toMatchObject({
      code: 'NOT_EMPTY',
      details: { counts: { projects: 1, sandboxes: 2 } },
    });
    expect(destroyed).toEqual([]);
    const forced = await t.call('DELETE', `/workspaces/${workspace.id}?force=true`);
    expect(forced).toMatchObject({ status: 200, body: { data: { id: workspace.id, deleted: true } } });
    expect(destroyed).toEqual([{ workspaceId: workspace.id, reason: 'workspace_deleted' }]);
    expect((await t.call('GET', `/workspaces/${workspace.id}`)).status).toBe(404);
    expect((await t.call('GET', `/projects/${project.id}`)).status).toBe(404);
  });

  it('is repeatable, and frees slug and link', async () => {
    const workspace = await make({ slug: 'again', external_workspace_id: 'again' });
    for (let i = 0; i < 3; i++) expect((await t.call('DELETE', `/workspaces/${workspace.id}`)).status).toBe(200);
    expect((await make({ slug: 'again', external_workspace_id: 'again' })).id).not.toBe(workspace.id);
    const { body } = await t.call('GET', `/audit?action=workspaces.delete&resource_id=${workspace.id}`);
    expect(body.data).toHaveLength(1);
  });

  it('spares the default workspace', async () => {
    const [{ id }] = (await t.call('GET', '/workspaces?slug=default')).body.data;
    expect(code(await t.call('DELETE', `/workspaces/${id}?force=true`))).toBe('CONFLICT');
  });

  it('leaves nothing behind that is created in the same moment', async () => {
    for (let round = 0; round < 10; round++) {
      const workspace = await make();
      const project = await makeProject({ workspace_id: workspace.id });
      const create = t.db.tx(t.systemOp(), 'create', async (tx) => {
        const held = await t.tenancy.holdProject(tx, t.tenantId, project.id);
        if (held) living.set(project.id, 1);
        return held;
      });
      const [held, deletion] = await Promise.all([create, t.call('DELETE', `/projects/${project.id}`)]);
      expect([held, deletion.status]).toEqual(held ? [true, 409] : [false, 200]);
      living.clear();
    }
  });

  it('of an empty project needs no force', async () => {
    const project = await makeProject();
    expect((await t.call('DELETE', `/projects/${project.id}`)).status).toBe(200);
    expect((await t.call('DELETE', `/projects/${project.id}`)).status).toBe(200);
  });
});

describe('who sees what', () => {
  it('another organization gets the same 404 for what exists and what does not', async () => {
    const workspace = await make();
    const project = await makeProject({ workspace_id: workspace.id });
    const calls: [string, string, object?][] = [
      ['GET', '/workspaces/ID'],
      ['PATCH', '/workspaces/ID', { name: 'x' }],
      ['PUT', '/workspaces/ID/settings', {}],
      ['GET', '/workspaces/ID/stats'],
      ['DELETE', '/workspaces/ID?force=true'],
      ['GET', '/projects/ID'],
      ['PATCH', '/projects/ID', { name: 'x' }],
      ['DELETE', '/projects/ID?force=true'],
    ];
    for (const [method, path, body] of calls) {
      const id = path.startsWith('/workspaces') ? workspace.id : project.id;
      const headers = { 'x-request-id': 'same-for-both' };
      const there = await t.call(method, path.replace('ID', id), body, { as: foreign, headers });
      const absent = await t.call(method, path.replace('ID', newUuid()), body, { as: foreign, headers });
      expect(there.status).toBe(404);
      expect(there.body).toEqual(absent.body);
    }
    expect((await t.call('GET', `/workspaces/${workspace.id}`)).status).toBe(200);
    expect((await t.call('GET', '/workspaces', undefined, { as: foreign })).body.data.map((w: { slug: string }) => w.slug)).toEqual([
      'default',
    ]);
  });

  it('a bound key sees its workspace alone', async () => {
    const [own, elsewhere] = [await make(), await make()];
    const { key } = await t.mint({ workspace_id: own.id });
    const project = await makeProject({ workspace_id: elsewhere.id });
    expect((await t.call('GET', '/workspaces', undefined, { as: key })).body.data.map((w: { id: string }) => w.id)).toEqual([own.id]);
    expect((await t.call('GET', `/workspaces/${elsewhere.id}`, undefined, { as: key })).status).toBe(404);
    expect((await t.call('GET', `/projects/${project.id}`, undefined, { as: key })).status).toBe(404);
    expect((await t.call('GET', '/projects', undefined, { as: key })).body.data).toEqual([]);
    const refused = await t.call('POST', '/workspaces', { name: 'x' }, { as: key });
    expect(refused.body.error).toMatchObject({ code: 'FORBIDDEN', details: { reason: 'workspace_bound_key' } });
    expect((await t.call('POST', '/projects', { name: 'x' }, { as: key })).body.data.workspace_id).toBe(own.id);
    expect((await t.call('POST', '/projects', { name: 'x', workspace_slug: 'new-one' }, { as: key })).status).toBe(404);
    expect((await t.call('PUT', `/tenants/${t.tenantId}`, { name: 'ClinicIQ' }, { as: key })).status).toBe(403);
  });

  it('viewers read and members write in the default workspace; admins everywhere', async () => {
    const elsewhere = await make();
    const [viewer, member, admin] = [await t.addUser('viewer'), await t.addUser('member'), await t.addUser('admin')];
    for (const { token } of [viewer, member]) {
      expect((await t.call('GET', '/workspaces', undefined, { as: token })).body.data.map((w: { slug: string }) => w.slug)).toEqual([
        'default',
      ]);
      expect((await t.call('GET', `/workspaces/${elsewhere.id}`, undefined, { as: token })).status).toBe(404);
    }
    const create = (token: string) => t.call('POST', '/projects', { name: 'Theirs' }, { as: token });
    expect((await create(viewer.token)).body.error).toMatchObject({ code: 'FORBIDDEN', details: { required_role: 'member' } });
    expect((await create(member.token)).status).toBe(201);
    expect((await t.call('POST', '/workspaces', { name: 'x' }, { as: member.token })).body.error.details).toEqual({
      required_role: 'admin',
    });
    expect((await t.call('POST', '/workspaces', { name: 'x' }, { as: admin.token })).status).toBe(201);
    expect((await t.call('GET', `/workspaces/${elsewhere.id}`, undefined, { as: admin.token })).status).toBe(200);
  });
});
