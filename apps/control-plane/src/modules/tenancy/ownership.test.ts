import type { ApiKeyId, Op, TenantId } from '@miosa/kernel';
import { newUuid } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from '../access/testing/installation.ts';
import type { Ownership, OwnershipRequest } from './types.ts';

let t: Installation;
let other: { tenantId: TenantId; key: string };
beforeAll(async () => {
  t = await createInstallation();
  other = await t.addTenant('Other Org');
});
afterAll(() => t.close());

type KeyActor = Extract<Op['actor'], { type: 'key' }>;

const keyOp = (over: Partial<KeyActor> = {}): Op => ({
  ...t.systemOp(),
  actor: {
    type: 'key',
    id: newUuid() as ApiKeyId,
    name: 'k',
    keyType: 'live',
    purpose: 'api',
    tenantId: t.tenantId,
    scopes: ['*'],
    workspaceId: null,
    userId: null,
    role: null,
    ...over,
  },
});
const resolve = (request: OwnershipRequest, op: Op = keyOp()): Promise<Ownership> => t.tenancy.resolveOwnership(op, request);
const counts = async (): Promise<{ workspaces: number; projects: number }> => {
  const { rows } = await sql<{ workspaces: number; projects: number }>`
    select (select count(*) from workspaces) as workspaces, (select count(*) from projects) as projects`.execute(t.db.read);
  return rows[0] ?? { workspaces: 0, projects: 0 };
};
let serial = 0;
const fresh = (): string => `clinic-${++serial}`;

describe('rules a to g', () => {
  it('g: nothing given is the default project of the default workspace, made on first use', async () => {
    const first = await resolve({});
    expect(first).toMatchObject({ workspaceSlug: 'default', projectSlug: 'default', externalWorkspaceId: null, externalProjectId: null });
    expect((await resolve({})).projectId).toBe(first.projectId);
  });

  it('a and c: ids and slugs of what exists win over everything else', async () => {
    const made = await resolve({ workspace_slug: fresh(), project_slug: 'site' });
    const again = await resolve({
      workspace_id: made.workspaceId,
      project_id: made.projectId,
      workspace_name: 'Renamed',
      external_workspace_id: fresh(),
    });
    expect(again).toMatchObject({ workspaceId: made.workspaceId, workspaceName: made.workspaceName, projectId: made.projectId });
    expect((await resolve({ workspace_slug: made.workspaceSlug, project_slug: 'site' })).projectId).toBe(made.projectId);
  });

  it('b: a project alone brings its workspace', async () => {
    const made = await resolve({ workspace_slug: fresh(), project_slug: 'site' });
    expect(await resolve({ project_id: made.projectId, external_workspace_id: 'unlinked' })).toMatchObject({
      workspaceId: made.workspaceId,
      projectId: made.projectId,
      externalWorkspaceId: 'unlinked',
    });
  });

  it('d: a linked external id finds its workspace, whatever new slug is passed', async () => {
    const external = fresh();
    const made = await resolve({ external_workspace_id: external, external_project_id: 'p' });
    const again = await resolve({ workspace_slug: fresh(), external_workspace_id: external, external_project_id: 'p' });
    expect(again).toMatchObject({ workspaceId: made.workspaceId, projectId: made.projectId });
  });

  it('e: derives slug and name from what is given', async () => {
    expect(
      await resolve({
        workspace_slug: 'dr-smith-clinic',
        workspace_name: 'Dr. Smith Clinic',
        project_slug: 'summer-lead-magnet',
        external_workspace_id: 'clinic_123',
        external_user_id: 'dr-smith-456',
        external_project_id: 'project_789',
      }),
    ).toMatchObject({
      workspaceSlug: 'dr-smith-clinic',
      workspaceName: 'Dr. Smith Clinic',
      projectSlug: 'summer-lead-magnet',
      projectName: 'Summer Lead Magnet',
      externalWorkspaceId: 'clinic_123',
      externalUserId: 'dr-smith-456',
      externalProjectId: 'project_789',
    });
    expect(await resolve({ external_workspace_id: 'Ext_9', workspace_name: 'Downtown Dental' })).toMatchObject({
      workspaceSlug: 'downtown-dental',
      workspaceName: 'Downtown Dental',
    });
    expect(await resolve({ external_workspace_id: 'Ext_10' })).toMatchObject({ workspaceSlug: 'ext-10', workspaceName: 'Ext_10' });
  });

  it('e: a derived slug that is taken or reserved gets four more characters', async () => {
    const a = await resolve({ external_workspace_id: fresh(), workspace_name: 'Same Name' });
    const b = await resolve({ external_workspace_id: fresh(), workspace_name: 'Same Name' });
    expect([a.workspaceSlug, b.workspaceSlug]).toEqual(['same-name', expect.stringMatching(/^same-name-[0-9a-z]{4}$/)]);
    expect((await resolve({ external_workspace_id: fresh(), workspace_name: 'Admin' })).workspaceSlug).toMatch(/^admin-[0-9a-z]{4}$/);
  });

  it('the one project linked to an external id wins with its workspace; several are a conflict; none is the default', async () => {
    const made = await resolve({ workspace_slug: fresh(), external_project_id: 'only-here' });
    expect(await resolve({ external_project_id: 'only-here' })).toMatchObject({ workspaceId: made.workspaceId, projectId: made.projectId });
    await resolve({ workspace_slug: fresh(), external_project_id: 'twice' });
    await resolve({ workspace_slug: fresh(), external_project_id: 'twice' });
    await expect(resolve({ external_project_id: 'twice' })).rejects.toMatchObject({ code: 'OWNERSHIP_CONFLICT' });
    expect(await resolve({ external_project_id: 'nowhere-yet' })).toMatchObject({ workspaceSlug: 'default', projectSlug: 'nowhere-yet' });
  });
});

describe('agreement', () => {
  it('refuses selectors that name different workspaces or projects, and creates nothing', async () => {
    const [a, b] = [await resolve({ workspace_slug: fresh() }), await resolve({ workspace_slug: fresh(), project_slug: 'site' })];
    const before = await counts();
    const refused: OwnershipRequest[] = [
      { workspace_id: a.workspaceId, workspace_slug: b.workspaceSlug },
      { workspace_id: a.workspaceId, workspace_slug: 'not-there' },
      { workspace_id: a.workspaceId, project_id: b.projectId },
      { workspace_slug: a.workspaceSlug, project_id: b.projectId },
      { project_id: b.projectId, project_slug: 'other' },
    ];
    for (const request of refused) await expect(resolve(request)).rejects.toMatchObject({ code: 'OWNERSHIP_CONFLICT' });
    expect(await counts()).toEqual(before);
  });

  it('checks all nine fields before anything is made', async () => {
    const before = await counts();
    const bad: OwnershipRequest[] = [
      { workspace_slug: fresh(), project_slug: 'Not A Slug' },
      { workspace_slug: 'admin' },
      { workspace_slug: fresh(), workspace_id: 'x' },
      { workspace_slug: fresh(), project_id: 'x' },
      { workspace_slug: fresh(), workspace_name: '' },
      { workspace_slug: fresh(), project_name: 'x'.repeat(121) },
      { external_workspace_id: fresh(), external_user_id: '' },
      { external_workspace_id: 'nul\u0000' },
      { workspace_slug: fresh(), external_project_id: 'x'.repeat(256) },
    ];
    for (const request of bad) await expect(resolve(request)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(await counts()).toEqual(before);
  });
});

describe('links', () => {
  it('go to the first external id passed with an id or slug, and stay', async () => {
    const made = await resolve({ workspace_slug: fresh(), project_slug: 'site' });
    const [ws, p] = [fresh(), fresh()];
    await resolve({ workspace_id: made.workspaceId, project_slug: 'site', external_workspace_id: ws, external_project_id: p });
    expect(await resolve({ external_workspace_id: ws, external_project_id: p })).toMatchObject({
      workspaceId: made.workspaceId,
      projectId: made.projectId,
    });
    const later = await resolve({ workspace_slug: made.workspaceSlug, external_workspace_id: 'another' });
    expect(later).toMatchObject({ workspaceId: made.workspaceId, externalWorkspaceId: 'another' });
    expect(await resolve({ workspace_slug: made.workspaceSlug })).toMatchObject({ externalWorkspaceId: ws });
  });

  it('are not taken from another workspace', async () => {
    const external = fresh();
    const linked = await resolve({ external_workspace_id: external });
    const plain = await resolve({ workspace_slug: fresh() });
    const both = await resolve({ workspace_slug: plain.workspaceSlug, external_workspace_id: external });
    expect(both).toMatchObject({ workspaceId: plain.workspaceId, externalWorkspaceId: external });
    expect((await resolve({ external_workspace_id: external })).workspaceId).toBe(linked.workspaceId);
  });

  it('are case-sensitive, byte for byte', async () => {
    const ids = await Promise.all(
      ['Case', 'case', 'café', 'cafe\u0301'].map((external_workspace_id) => resolve({ external_workspace_id })),
    );
    expect(new Set(ids.map((o) => o.workspaceId)).size).toBe(4);
  });

  it('end with a deleted workspace: the next create makes a new one', async () => {
    const external = fresh();
    const made = await resolve({ external_workspace_id: external });
    expect((await t.call('DELETE', `/workspaces/${made.workspaceId}`)).status).toBe(200);
    const again = await resolve({ external_workspace_id: external });
    expect(again.workspaceId).not.toBe(made.workspaceId);
    expect(again.workspaceSlug).toBe(made.workspaceSlug);
    await expect(resolve({ project_id: made.projectId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('races', () => {
  const burst = (make: (i: number) => OwnershipRequest) => Promise.all(Array.from({ length: 100 }, (_, i) => resolve(make(i))));
  const distinct = (all: readonly Ownership[]) => [new Set(all.map((o) => o.workspaceId)).size, new Set(all.map((o) => o.projectId)).size];

  it('100 concurrent creates with one new external id make one workspace and one project', async () => {
    const before = await counts();
    const all = await burst(() => ({ external_workspace_id: 'race-1', external_project_id: 'race-p' }));
    expect(distinct(all)).toEqual([1, 1]);
    expect(await counts()).toEqual({ workspaces: before.workspaces + 1, projects: before.projects + 1 });
  });

  it('and so they do with a hundred different names and slugs', async () => {
    const before = await counts();
    const all = await burst((i) => ({
      external_workspace_id: 'race-2',
      external_project_id: 'race-p',
      ...(i % 2 === 0
        ? { workspace_slug: `race-slug-${i}`, project_slug: `site-${i}` }
        : { workspace_name: `Race ${i}`, project_name: `P ${i}` }),
    }));
    // A slug given for a project selects among the projects there are; the link decides where there is none.
    expect(distinct(all)).toEqual([1, 1]);
    expect(await counts()).toEqual({ workspaces: before.workspaces + 1, projects: before.projects + 1 });
  });

  it('one new slug makes one workspace, linked to one of the external ids', async () => {
    const all = await burst((i) => ({ workspace_slug: 'race-3', external_workspace_id: `race-3-${i}`, project_slug: 'p' }));
    expect(distinct(all)).toEqual([1, 1]);
    expect(all.map((o) => o.externalWorkspaceId).sort()).toEqual(Array.from({ length: 100 }, (_, i) => `race-3-${i}`).sort());
  });

  it('a hundred external ids with one name make a hundred workspaces with slugs of their own', async () => {
    const all = await burst((i) => ({ external_workspace_id: `race-4-${i}`, workspace_name: 'Race Four' }));
    expect(new Set(all.map((o) => o.workspaceSlug)).size).toBe(100);
  });

  it('a default project used first by a hundred at once is one', async () => {
    const { workspaceId } = await resolve({ workspace_slug: 'race-5', project_slug: 'x' });
    expect(distinct(await burst(() => ({ workspace_id: workspaceId })))).toEqual([1, 1]);
  });
});

describe('what the caller cannot see', () => {
  it('is 404 in another organization, by every selector', async () => {
    const foreign = await t.tenancy.resolveOwnership(t.systemOp(other.tenantId), {
      workspace_slug: 'theirs',
      external_project_id: 'their-p',
    });
    for (const request of [{ workspace_id: foreign.workspaceId }, { project_id: foreign.projectId }, { workspace_id: newUuid() }]) {
      await expect(resolve(request)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    // Slugs and external ids of others mean nothing here.
    expect((await resolve({ workspace_slug: 'theirs' })).workspaceId).not.toBe(foreign.workspaceId);
    expect(await resolve({ external_project_id: 'their-p' })).toMatchObject({ workspaceSlug: 'default' });
  });

  it('a bound key defaults to its workspace and creates none', async () => {
    const [own, elsewhere] = [
      await resolve({ workspace_slug: fresh() }),
      await resolve({ workspace_slug: fresh(), external_project_id: 'far' }),
    ];
    const bound = keyOp({ workspaceId: own.workspaceId });
    const before = await counts();
    expect((await resolve({}, bound)).workspaceId).toBe(own.workspaceId);
    const hidden: OwnershipRequest[] = [
      { workspace_id: elsewhere.workspaceId },
      { workspace_slug: elsewhere.workspaceSlug },
      { project_id: elsewhere.projectId },
      { workspace_slug: fresh() },
      { external_workspace_id: fresh() },
    ];
    for (const request of hidden) await expect(resolve(request, bound)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await counts()).toEqual(before);
    expect((await resolve({ external_project_id: 'far' }, bound)).workspaceId).toBe(own.workspaceId);
  });

  it('a member’s key works in the default workspace and nowhere else; an admin’s everywhere', async () => {
    const elsewhere = await resolve({ workspace_slug: fresh() });
    const shared = (await resolve({})).workspaceId;
    const member = keyOp({ keyType: 'user', userId: t.ownerId, role: 'member', workspaces: [{ id: shared, role: 'member' }] });
    expect((await resolve({}, member)).workspaceSlug).toBe('default');
    await expect(resolve({ workspace_id: elsewhere.workspaceId }, member)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(resolve({ workspace_slug: fresh() }, member)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const admin = keyOp({ keyType: 'user', userId: t.ownerId, role: 'admin' });
    expect((await resolve({ workspace_id: elsewhere.workspaceId }, admin)).workspaceId).toBe(elsewhere.workspaceId);
  });
});

it('records what it makes, and a rolled-back race leaves no entry', async () => {
  const external = fresh();
  const made = await Promise.all(Array.from({ length: 10 }, () => resolve({ external_workspace_id: external })));
  const { body } = await t.call('GET', `/audit?action=workspaces.create&external_workspace_id=${external}`);
  expect(body.data).toMatchObject([{ resource_id: made[0]?.workspaceId, metadata: { automatic: true } }]);
});

it('echoes names of many projects at once, of the own organization only', async () => {
  const a = await resolve({ workspace_slug: fresh(), project_slug: 'echo' });
  const echoes = await t.tenancy.ownershipOf(t.db.read, t.tenantId, [a.projectId, a.projectId, newUuid()]);
  expect([...echoes.values()]).toEqual([
    {
      workspaceId: a.workspaceId,
      workspaceSlug: a.workspaceSlug,
      workspaceName: a.workspaceName,
      projectId: a.projectId,
      projectSlug: 'echo',
      projectName: 'Echo',
    },
  ]);
  expect(await t.tenancy.ownershipOf(t.db.read, other.tenantId, [a.projectId])).toEqual(new Map());
});
