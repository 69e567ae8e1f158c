import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareWithHost } from '../jobs/compare.ts';
import { open, seal } from '../seal.ts';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const printed = async (id: string, name: string): Promise<string> =>
  (await world.call('POST', `/sandboxes/${id}/exec`, { command: `printenv ${name}` })).body.data.stdout.trim();

describe('environment', () => {
  test('values are sealed at rest, reach processes, and encrypted ones are never returned', async () => {
    const { id } = await world.create({ env: { SECRET: 'hunter2-very-secret' } });
    const rows = await world.core.db.read.selectFrom('sandbox_env').selectAll().where('sandbox_id', '=', id).execute();
    expect(rows).toHaveLength(1);
    expect(rows[0]?.sealed_value.includes('hunter2')).toBe(false);
    expect(await printed(id, 'SECRET')).toBe('hunter2-very-secret');
    expect((await world.call('GET', `/sandboxes/${id}/env`)).body.data).toMatchObject([{ key: 'SECRET', value: null, encrypted: true }]);
    const audit = await world.core.db.read.selectFrom('audit_entries').selectAll().where('resource_id', '=', id).execute();
    expect(JSON.stringify(audit)).not.toContain('hunter2');
  });

  test('a change applies to new processes at once; replace drops the rest; ids are always there', async () => {
    const { id, project_id } = await world.create({ env: { OLD: '1' } });
    const set = await world.call('PUT', `/sandboxes/${id}/env`, { vars: [{ key: 'NEW', value: '2', encrypted: false }] });
    expect(set.body.data).toMatchObject([
      { key: 'NEW', value: '2' },
      { key: 'OLD', value: null },
    ]);
    expect([await printed(id, 'OLD'), await printed(id, 'NEW'), await printed(id, 'MIOSA_SANDBOX_ID')]).toEqual(['1', '2', id]);
    await world.call('PUT', `/sandboxes/${id}/env`, { vars: [{ key: 'ONLY', value: '3' }], replace: true });
    expect([await printed(id, 'NEW'), await printed(id, 'ONLY'), await printed(id, 'MIOSA_PROJECT_ID')]).toEqual(['', '3', project_id]);
    expect((await world.call('DELETE', `/sandboxes/${id}/env/ONLY`)).status).toBe(200);
    expect(await printed(id, 'ONLY')).toBe('');
    expect((await world.call('DELETE', `/sandboxes/${id}/env/ONLY`)).status).toBe(404);
  });

  test('a paused sandbox is left asleep and has the change when it wakes', async () => {
    const { id } = await world.create();
    await world.call('POST', `/sandboxes/${id}/pause`);
    await world.call('PUT', `/sandboxes/${id}/env`, { vars: [{ key: 'LATER', value: 'x' }] });
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('paused');
    expect(await printed(id, 'LATER')).toBe('x');
  });

  test.each([
    ['a bad name', [{ key: '1A', value: '' }]],
    ['a name of the platform', [{ key: 'MIOSA_PROJECT_ID', value: '' }]],
    ['a value too long', [{ key: 'A', value: 'x'.repeat(33_000) }]],
    [
      'a name twice',
      [
        { key: 'A', value: '1' },
        { key: 'A', value: '2' },
      ],
    ],
    ['NUL', [{ key: 'A', value: '\0' }]],
    ['too many', Array.from({ length: 201 }, (_, i) => ({ key: `A${i}`, value: '' }))],
  ])('%s is refused', async (_what, vars) => {
    const { id } = await world.create();
    expect((await world.call('PUT', `/sandboxes/${id}/env`, { vars })).status).toBe(422);
  });

  test('the number of variables is bounded over several calls', async () => {
    const { id } = await world.create();
    const many = (prefix: string) => Array.from({ length: 150 }, (_, i) => ({ key: `${prefix}${i}`, value: '' }));
    expect((await world.call('PUT', `/sandboxes/${id}/env`, { vars: many('A') })).status).toBe(200);
    expect((await world.call('PUT', `/sandboxes/${id}/env`, { vars: many('B') })).status).toBe(422);
    expect((await world.call('GET', `/sandboxes/${id}/env`)).body.data).toHaveLength(150);
  });

  test('destroying a sandbox forgets its secrets', async () => {
    const { id } = await world.create({ env: { SECRET: 'x' } });
    await world.call('DELETE', `/sandboxes/${id}`);
    expect(await world.core.db.read.selectFrom('sandbox_env').selectAll().where('sandbox_id', '=', id).execute()).toEqual([]);
  });
});

describe('brokered variables', () => {
  const TRUE_VALUE = 'sk-true-0123456789';
  const brokered = { key: 'API_KEY', value: TRUE_VALUE, hosts: ['API.Example.com', '*.example.org'] };
  const PLACEHOLDER = /^miosa-secret-[0-9a-f]{32}$/;
  const given = (id: string) => world.host.fake.secretsOf(id);

  test('are placeholders inside; the host alone has the true value, for their hosts, and nobody is told it again', async () => {
    const { id } = await world.create({ secrets: [brokered], env: { PLAIN: 'x' } });
    const inside = await printed(id, 'API_KEY');
    expect(inside).toMatch(PLACEHOLDER);
    expect(await printed(id, 'PLAIN')).toBe('x');
    expect(given(id)?.secrets).toEqual([{ placeholder: inside, value: TRUE_VALUE, hosts: ['*.example.org', 'api.example.com'] }]);
    const listed = await world.call('GET', `/sandboxes/${id}/env`);
    expect(listed.body.data[0]).toMatchObject({
      key: 'API_KEY',
      value: null,
      encrypted: true,
      hosts: ['*.example.org', 'api.example.com'],
    });
    const rows = await world.core.db.read.selectFrom('sandbox_env').selectAll().where('sandbox_id', '=', id).execute();
    const audit = await world.core.db.read.selectFrom('audit_entries').selectAll().where('resource_id', '=', id).execute();
    const events = await world.core.db.read.selectFrom('events').selectAll().execute();
    for (const kept of [rows.map((row) => row.sealed_value.toString('latin1')), audit, events, listed.body])
      expect(JSON.stringify(kept)).not.toContain(TRUE_VALUE);
  });

  test('keep their placeholder over changes and sleep; a fork has its own, and its own authority', async () => {
    const { id } = await world.create({ secrets: [brokered] });
    const first = await printed(id, 'API_KEY');
    await world.call('PUT', `/sandboxes/${id}/env`, { vars: [{ ...brokered, value: 'sk-other-0123456789' }] });
    expect(await printed(id, 'API_KEY')).toBe(first);
    expect(given(id)?.secrets[0]?.value).toBe('sk-other-0123456789');
    await world.call('POST', `/sandboxes/${id}/pause`);
    await world.call('PUT', `/sandboxes/${id}/env`, { vars: [brokered] });
    await compareWithHost(world.core); // it sleeps; the host has the change all the same
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('paused');
    expect(given(id)?.secrets[0]?.value).toBe(TRUE_VALUE);
    const fork = [(await world.call('POST', `/sandboxes/${id}/fork`, {})).body.data].flat()[0];
    const forkId = fork.id ?? fork.sandbox?.id;
    expect(await printed(forkId, 'API_KEY')).toMatch(PLACEHOLDER);
    expect(await printed(forkId, 'API_KEY')).not.toBe(first);
    expect(given(forkId)?.secrets[0]?.value).toBe(TRUE_VALUE);
    expect(given(forkId)?.seed).not.toBe(given(id)?.seed);
  });

  test('a host that has lost them is given them again; deleted ones are taken away, also while it sleeps', async () => {
    const { id } = await world.create({ secrets: [brokered] });
    await world.host.fake.setSecrets(id, { version: '', seed: '', secrets: [] });
    await compareWithHost(world.core);
    expect(given(id)?.secrets).toHaveLength(1);
    await world.call('POST', `/sandboxes/${id}/pause`);
    expect((await world.call('DELETE', `/sandboxes/${id}/env/API_KEY`)).status).toBe(200);
    expect(given(id)).toBeNull();
  });

  test('hosts cannot be changed behind the key: such a row does not open', async () => {
    const { id } = await world.create({ secrets: [brokered] });
    await world.core.db.read
      .updateTable('sandbox_env')
      .set({ hosts: ['evil.example'] })
      .where('sandbox_id', '=', id)
      .execute();
    await compareWithHost(world.core);
    expect(given(id)?.secrets[0]?.hosts).toEqual(['*.example.org', 'api.example.com']);
  });

  test.each([
    ['no host', { hosts: [] }],
    ['a host that is none', { hosts: ['a b'] }],
    ['a whole top-level domain', { hosts: ['*.com'] }],
    ['an address', { hosts: ['1.2.3.4'] }],
    ['a value that makes headers', { value: 'abcdefgh\r\nx-evil: 1' }],
    ['a value that is too short', { value: 'short' }],
    ['a value that is to be shown', { encrypted: false }],
  ])('%s is refused', async (_what, wrong) => {
    const { id } = await world.create();
    expect((await world.call('PUT', `/sandboxes/${id}/env`, { vars: [{ ...brokered, ...wrong }] })).status).toBe(422);
    expect(given(id)).toBeNull();
  });
});

describe('sealing', () => {
  test('opens only with the same key and place, and only unchanged', () => {
    const key = randomBytes(32);
    const sealed = seal(key, 'sandbox a', 'value');
    expect(open(key, 'sandbox a', sealed)).toBe('value');
    expect(() => open(key, 'sandbox b', sealed)).toThrow();
    expect(() => open(randomBytes(32), 'sandbox a', sealed)).toThrow();
    const changed = Buffer.from(sealed);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(() => open(key, 'sandbox a', changed)).toThrow();
    expect(seal(key, 'sandbox a', 'value').equals(sealed)).toBe(false);
  });
});
