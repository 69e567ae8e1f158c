import type { TenantId } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from '../access/testing/installation.ts';
import { setupReason } from './identity.ts';

let t: Installation;
beforeAll(async () => {
  t = await createInstallation();
});
afterAll(() => t.close());

const codeOf = (reply: { body: { error?: { code?: string } } }) => reply.body.error?.code;

describe('organization identity', () => {
  let tenantId: TenantId;
  let as: string;
  beforeAll(async () => {
    const made = await t.addTenant(null);
    tenantId = made.tenantId;
    as = made.key;
  });
  const put = (body: object) => t.call('PUT', `/tenants/${tenantId}`, body, { as });

  it('starts with a temporary slug and says that set-up is required', async () => {
    const { body } = await t.call('GET', '/platform/tenants/current', undefined, { as });
    expect(body.data).toMatchObject({ name: null, setup_required: true, setup_reason: 'temporary_slug' });
    expect(body.data.slug).toMatch(/^org-[a-z0-9]{10}$/);
  });

  it('refuses to create anything before, while reads and keys work', async () => {
    expect(codeOf(await t.call('POST', '/workspaces', { name: 'W' }, { as }))).toBe('SETUP_REQUIRED');
    expect(codeOf(await t.call('POST', '/projects', { name: 'P' }, { as }))).toBe('SETUP_REQUIRED');
    await expect(t.tenancy.resolveOwnership(t.systemOp(tenantId), {})).rejects.toMatchObject({ code: 'SETUP_REQUIRED' });
    expect((await t.call('GET', '/workspaces', undefined, { as })).body.data).toEqual([]);
    expect((await t.call('GET', '/api-keys', undefined, { as })).status).toBe(200);
  });

  it.each([
    ['a reserved name', { name: 'Admin' }],
    ['a name that gives nothing', { name: '!!!' }],
    ['digits only', { name: '2024' }],
    ['a name like a temporary slug', { name: 'Org Chart' }],
    ['a slug that is not the normalised name', { name: 'Bright Smiles', slug: 'smiles' }],
    ['an empty name', { name: '' }],
    ['no name', {}],
    ['a name with control characters', { name: 'Bright\u0007Smiles' }],
  ])('refuses %s', async (_what, body) => expect(codeOf(await put(body))).toBe('VALIDATION_ERROR'));
});

describe('a permanent identity', () => {
  it('is set once by several at the same time, and stays', async () => {
    const { tenantId, key: as } = await t.addTenant(null);
    const put = (body: object) => t.call('PUT', `/tenants/${tenantId}`, body, { as });
    const answers = await Promise.all(['Bright Smiles', 'Other Smiles', 'Third Smiles'].map((name) => put({ name })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422]);
    const { data } = (await t.call('GET', '/platform/tenants/current', undefined, { as })).body;
    expect(data).toMatchObject({ setup_required: false, setup_reason: null });

    expect(await put({ name: data.name })).toMatchObject({ status: 200, body: { data: { slug: data.slug, updated_at: data.updated_at } } });
    expect((await put({ name: data.name, slug: data.slug })).status).toBe(200);
    expect(codeOf(await put({ name: 'Fourth' }))).toBe('IMMUTABLE_FIELD');
    expect(codeOf(await put({ name: data.name.toLowerCase() }))).toBe('IMMUTABLE_FIELD');
    expect(codeOf(await put({ name: data.name, slug: 'other' }))).toBe('IMMUTABLE_FIELD');

    const workspaces = (await t.call('GET', '/workspaces', undefined, { as })).body.data;
    expect(workspaces).toMatchObject([{ slug: 'default', is_default: true }]);
  });

  it('cannot take the slug of another organization', async () => {
    const { tenantId, key: as } = await t.addTenant(null);
    expect(await t.call('PUT', `/tenants/${tenantId}`, { name: 'Cliniciq!' }, { as })).toMatchObject({
      status: 409,
      body: { error: { code: 'SLUG_TAKEN' } },
    });
    expect((await t.call('GET', '/platform/tenants/current', undefined, { as })).body.data.setup_required).toBe(true);
  });

  it('is nobody else’s to set', async () => {
    const { tenantId, key } = await t.addTenant(null);
    const foreign = await t.call('PUT', `/tenants/${tenantId}`, { name: 'Stolen' });
    const absent = await t.call('PUT', '/tenants/019a0000-0000-7000-8000-000000000000', { name: 'Stolen' });
    expect(foreign.status).toBe(404);
    expect(foreign.body.error.message).toBe(absent.body.error.message);
    const member = await t.addUser('member', tenantId);
    expect((await t.call('PUT', `/tenants/${tenantId}`, { name: 'X' }, { as: member.token })).body.error).toMatchObject({
      code: 'FORBIDDEN',
      details: { required_role: 'admin' },
    });
    const userKey = await t.mint({ key_type: 'user' }, member.token);
    expect((await t.call('PUT', `/tenants/${tenantId}`, { name: 'X' }, { as: userKey.key })).status).toBe(403);
    const narrow = await t.mint({ scopes: ['tenant:read'] }, key);
    expect((await t.call('PUT', `/tenants/${tenantId}`, { name: 'X' }, { as: narrow.key })).body.error.details).toEqual({
      required_scope: 'tenant:write',
    });
  });
});

it('finds every reason for set-up', () => {
  expect(setupReason({ name: 'A', slug: 'org-1' })).toBe('temporary_slug');
  expect(setupReason({ name: '', slug: 'a' })).toBe('no_name');
  expect(setupReason({ name: 'B', slug: 'a' })).toBe('slug_mismatch');
  expect(setupReason({ name: 'ClinicIQ', slug: 'cliniciq' })).toBeNull();
});

it('lists the organizations of a user with the role in each, and one for a key', async () => {
  const { token } = await t.addUser('viewer');
  const listed = (await t.call('GET', '/platform/tenants', undefined, { as: token })).body.data;
  expect(listed).toMatchObject([{ slug: 'cliniciq', role: 'viewer' }]);
  expect((await t.call('GET', '/platform/tenants')).body.data).toMatchObject([{ id: t.tenantId, role: null }]);
});
