import { Fault } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findAny } from '../store.ts';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const audit = (id: string) =>
  world.core.db.read.selectFrom('audit_entries').select(['action', 'outcome']).where('resource_id', '=', id).orderBy('seq').execute();
const intervals = (id: string) => world.core.db.read.selectFrom('usage_intervals').selectAll().where('resource_id', '=', id).execute();

describe('create', () => {
  test('answers 201 with a running, owned, command-ready sandbox', async () => {
    const { status, body } = await world.call('POST', '/sandboxes', {
      workspace_slug: 'dr-smith-clinic',
      workspace_name: 'Dr. Smith Clinic',
      project_slug: 'lead-magnet',
      external_workspace_id: 'clinic_123',
      external_user_id: 'dr-smith-456',
      tags: ['a'],
      metadata: { k: 1 },
    });
    expect(status).toBe(201);
    expect(body.data).toMatchObject({
      state: 'running',
      ready: true,
      size: 'small',
      cpu_count: 2,
      memory_mb: 4096,
      isolation: 'container',
      resume_keeps: 'memory',
      workspace_slug: 'dr-smith-clinic',
      workspace_name: 'Dr. Smith Clinic',
      project_slug: 'lead-magnet',
      external_workspace_id: 'clinic_123',
      external_user_id: 'dr-smith-456',
      persistent: true,
      timeout_sec: 3600,
      preview_url: `https://5173-${body.data.slug}.sandbox.miosa.localhost:8443`,
    });
    expect(body.data.slug).toMatch(/^sbx[0-9a-hjkmnp-tv-z]{10}$/);
    expect(await audit(body.data.id)).toEqual([{ action: 'sandboxes.create', outcome: 'success' }]);
    expect(await intervals(body.data.id)).toMatchObject([{ vcpus: 2, memory_mb: 4096, ended_at: null, external_user_id: 'dr-smith-456' }]);
    expect((await world.call('GET', `/sandboxes/${body.data.id}`)).body.data.id).toBe(body.data.id);
  });

  test('says whether its machine was booted ahead', async () => {
    world.host.fake.setWarm(1);
    const created = [await world.call('POST', '/sandboxes', {}), await world.call('POST', '/sandboxes', {})];
    expect(created.map(({ body }) => body.data.boot_path)).toEqual(['warm', 'cold']);
  });

  test('with wait:false answers provisioning at once and gets ready by itself', async () => {
    const release = world.host.hold('create');
    const { status, body } = await world.call('POST', '/sandboxes', { wait: false });
    expect([status, body.data.state, body.data.ready]).toEqual([201, 'provisioning', false]);
    release();
    const ready = await world.call('GET', `/sandboxes/${body.data.id}/readiness?wait_seconds=10`);
    expect(ready.body.data).toMatchObject({ ready: true, state: 'running' });
  });

  test('an exec on a provisioning sandbox waits for its boot', async () => {
    const release = world.host.hold('create');
    const { body } = await world.call('POST', '/sandboxes', { wait: false });
    const exec = world.call('POST', `/sandboxes/${body.data.id}/exec`, { command: 'echo hi' });
    release();
    expect((await exec).body.data).toMatchObject({ stdout: 'hi\n', exit_code: 0 });
  });

  test('a failed boot is 503, an error row with its reason, nothing on the host and nothing billed', async () => {
    world.host.fail('create', new Fault('UNAVAILABLE', 'No memory is left on this host.', { details: { reason: 'no_capacity' } }));
    const { status, body } = await world.call('POST', '/sandboxes', {});
    world.host.fail('create', undefined);
    expect([status, body.error.code, body.error.details.reason]).toEqual([503, 'UNAVAILABLE', 'no_capacity']);
    const id = body.error.details.sandbox_id;
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data).toMatchObject({
      state: 'error',
      state_reason: body.error.details.state_reason,
    });
    expect(await world.host.fake.inspect(id)).toBeNull();
    const [interval] = await intervals(id);
    expect(interval?.ended_at).toEqual(interval?.started_at);
    expect(await audit(id)).toContainEqual({ action: 'sandboxes.create', outcome: 'failure' });
    expect((await world.call('DELETE', `/sandboxes/${id}`)).status).toBe(200);
  });

  test('a host that is away is 502 and hides its own words', async () => {
    world.host.fail('create', new Error('connect ENOENT /run/secret.sock'));
    const { status, text } = await world.call('POST', '/sandboxes', {});
    world.host.fail('create', undefined);
    expect(status).toBe(502);
    expect(text).not.toContain('secret.sock');
  });

  test.each([
    [{ git: { url: 'x' } }, 'git'],
    [{ region: 'eu' }, 'region'],
  ])('%j is refused as not available yet', async (request, field) => {
    const { status, body } = await world.call('POST', '/sandboxes', request);
    expect([status, body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
    expect(body.error.details.fields).toEqual([
      { path: field, message: expect.stringContaining('not available on this installation yet') },
    ]);
  });

  test('an image is the template that the operator made of it', async () => {
    const { status, body } = await world.call('POST', '/sandboxes', { image: 'alpine:3.20' });
    expect(status).toBe(201);
    const shown = { template_id: 'alpine', image: 'docker.io/library/alpine:3.20' };
    expect(body.data).toMatchObject(shown);
    expect((await world.call('GET', `/sandboxes/${body.data.id}`)).body.data).toMatchObject(shown);
  });

  test.each([
    [{ image: 'debian' }, 'template import'],
    [{ image: 'constructor' }, 'template import'],
    [{ image: 'file:///etc/passwd' }, 'not the name'],
    [{ image: 'alpine:3.20', template_id: 'miosa-sandbox' }, 'template_id'],
    [{ image: 'alpine:3.20', snapshot_id: 'snp_00000000000000000000000000' }, ''],
  ])('%j is refused', async (request, words) => {
    const { status, body } = await world.call('POST', '/sandboxes', request);
    expect(status).toBe('snapshot_id' in request ? 404 : 422);
    expect(body.error.message).toContain(words);
  });

  test.each([
    [{ timeout_sec: 59 }, 422],
    [{ idle_timeout_sec: 30 }, 422],
    [{ size: 'huge' }, 422],
    [{ cpu_count: 2 }, 422],
    [{ cpu_count: 2, memory_mb: 4096, disk_size_mb: 10_240 }, 201],
    [{ size: 'xs', cpu_count: 2, memory_mb: 4096, disk_size_mb: 10_240 }, 422],
    [{ preview_port: 70_000 }, 422],
    [{ env: { '1A': 'x' } }, 422],
    [{ env: { MIOSA_SANDBOX_ID: 'x' } }, 422],
    [{ metadata: { big: 'x'.repeat(17_000) } }, 422],
    [{ tags: Array.from({ length: 21 }, () => 't') }, 422],
    [{ name: 'a\u0000b' }, 422],
    [{ template_id: 'nope' }, 404],
    [{ workspace_id: '550e8400-e29b-41d4-a716-446655440000' }, 404],
  ])('a bad value is refused, a good one taken (case %#)', async (request, status) => {
    expect((await world.call('POST', '/sandboxes', request)).status).toBe(status);
  });

  test('run creates, executes, and with keep:false leaves nothing', async () => {
    const kept = await world.call('POST', '/sandboxes/run', { command: 'echo $GREETING; exit 3', env: { GREETING: 'hello' } });
    expect(kept.status).toBe(201);
    expect(kept.body.data.result).toMatchObject({ stdout: 'hello\n', exit_code: 3 });
    const once = await world.call('POST', '/sandboxes/run', { command: 'true', keep: false });
    expect(once.body.data.sandbox).toMatchObject({ state: 'destroyed', ended_reason: 'user' });
    expect(await world.host.fake.inspect(once.body.data.sandbox.id)).toBeNull();
  });
});

describe('pause, resume, extend, change', () => {
  test('pause ends metering, resume begins it again with a new window and the same id and slug', async () => {
    const { id, slug } = await world.create();
    const paused = await world.call('POST', `/sandboxes/${id}/pause`);
    expect(paused.body.data).toMatchObject({ state: 'paused', state_reason: 'user', ready: false, expires_at: null });
    expect((await world.call('POST', `/sandboxes/${id}/pause`)).body.data.state).toBe('paused');
    const resumed = await world.call('POST', `/sandboxes/${id}/resume`, {});
    expect(resumed.body.data).toMatchObject({ state: 'running', id, slug, state_reason: null, paused_at: null });
    expect((await intervals(id)).map((row) => row.ended_at === null).sort()).toEqual([false, true]);
    expect((await audit(id)).map((entry) => entry.action)).toEqual(['sandboxes.create', 'sandboxes.pause', 'sandboxes.resume']);
  });

  test('extend never moves the deadline nearer and needs a running sandbox', async () => {
    const { id, expires_at } = await world.create({ timeout_sec: 7200 });
    expect((await world.call('POST', `/sandboxes/${id}/extend`, { timeout_sec: 60 })).body.data.expires_at).toBe(expires_at);
    const extended = await world.call('POST', `/sandboxes/${id}/extend`, { timeout_sec: 86_400 });
    expect(Date.parse(extended.body.data.expires_at)).toBeGreaterThan(Date.parse(String(expires_at)));
    await world.call('POST', `/sandboxes/${id}/pause`);
    const refused = await world.call('POST', `/sandboxes/${id}/extend`, {});
    expect([refused.status, refused.body.error.code, refused.body.error.details.state]).toEqual([409, 'SANDBOX_NOT_RUNNING', 'paused']);
  });

  test('PATCH merges metadata, and a smaller timer counts from now', async () => {
    const { id } = await world.create({ metadata: { a: 1, b: { c: 2, d: 3 } } });
    const { body } = await world.call('PATCH', `/sandboxes/${id}`, {
      metadata: { a: null, b: { c: 9 } },
      timeout_sec: 60,
      name: 'renamed',
      tags: ['x'],
      preview_port: 3000,
      external_user_id: null,
    });
    expect(body.data).toMatchObject({ name: 'renamed', tags: ['x'], metadata: { b: { c: 9, d: 3 } }, preview_port: 3000 });
    expect(body.data.timeout_remaining_ms).toBeGreaterThan(50_000);
    expect(body.data.timeout_remaining_ms).toBeLessThanOrEqual(60_000);
    expect(body.data.preview_url).toContain('https://3000-');
  });
});

describe('destroy', () => {
  test('repeating it is 200; reading shows why it ended; acting on it is 410 with the reason', async () => {
    const { id } = await world.create();
    const deleted = await world.call('DELETE', `/sandboxes/${id}`);
    expect([deleted.status, deleted.body.data]).toEqual([200, { id, deleted: true }]);
    expect((await world.call('DELETE', `/sandboxes/${id}`)).status).toBe(200);
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data).toMatchObject({
      state: 'destroyed',
      ended_reason: 'user',
      ready: false,
    });
    for (const [method, path, body] of [
      ['POST', 'exec', { command: 'true' }],
      ['POST', 'resume', {}],
      ['POST', 'pause', undefined],
      ['POST', 'extend', {}],
      ['GET', 'files', undefined],
      ['POST', 'expose', { port: 3000 }],
      ['POST', 'preview-token', {}],
    ] as const) {
      const answer = await world.call(method, `/sandboxes/${id}/${path}`, body);
      expect([path, answer.status, answer.body.error.details.ended_reason]).toEqual([path, 410, 'user']);
    }
    expect((await audit(id)).filter((entry) => entry.action === 'sandboxes.destroy')).toHaveLength(1);
    expect(await world.host.fake.inspect(id)).toBeNull();
    const [interval] = await intervals(id);
    expect(interval?.ended_at).not.toBeNull();
  });

  test('destroyed sandboxes are listed only when asked for', async () => {
    const { id } = await world.create({ tags: ['listed'] });
    expect((await world.call('GET', '/sandboxes?tag=listed')).body.data.map((row: { id: string }) => row.id)).toEqual([id]);
    await world.call('DELETE', `/sandboxes/${id}`);
    expect((await world.call('GET', '/sandboxes?tag=listed')).body.data).toEqual([]);
    expect((await world.call('GET', '/sandboxes?tag=listed&state=destroyed')).body.data).toHaveLength(1);
    expect((await world.call('GET', '/sandboxes?state=nonsense')).body.data).toEqual([]);
    expect((await world.call('GET', '/sandboxes?workspace_id=nonsense')).body.data).toEqual([]);
  });

  test('two at once end it once, and both answer 200', async () => {
    const { id } = await world.create();
    const answers = await Promise.all([world.call('DELETE', `/sandboxes/${id}`), world.call('DELETE', `/sandboxes/${id}`)]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    expect((await audit(id)).filter((entry) => entry.action === 'sandboxes.destroy')).toHaveLength(1);
  });

  test('during a boot it wins: nothing remains on the host and the creator is told', async () => {
    const release = world.host.hold('create');
    const creating = world.call('POST', '/sandboxes', { tags: ['doomed'] });
    let id = '';
    await expect.poll(async () => (id = (await world.call('GET', '/sandboxes?tag=doomed')).body.data[0]?.id)).toBeTruthy();
    expect((await world.call('DELETE', `/sandboxes/${id}`)).status).toBe(200);
    release();
    const created = await creating;
    expect([created.status, created.body.error.details.ended_reason]).toEqual([410, 'user']);
    expect(await world.host.fake.inspect(id)).toBeNull();
  });

  test('during a resume it wins', async () => {
    const { id } = await world.create();
    await world.call('POST', `/sandboxes/${id}/pause`);
    const release = world.host.hold('resume');
    const resuming = world.call('POST', `/sandboxes/${id}/resume`, {});
    await expect.poll(async () => (await findAny(world.core.db.read, id))?.transition).toBe('resuming');
    expect((await world.call('DELETE', `/sandboxes/${id}`)).status).toBe(200);
    release();
    expect((await resuming).status).toBeGreaterThanOrEqual(400);
    await expect.poll(() => world.host.fake.inspect(id)).toBeNull();
    expect((await intervals(id)).every((row) => row.ended_at !== null)).toBe(true);
  });

  test('succeeds when the host is away, and the host is cleaned later', async () => {
    const { id } = await world.create();
    world.host.fail('destroy', new Error('host away'));
    expect((await world.call('DELETE', `/sandboxes/${id}`)).status).toBe(200);
    world.host.fail('destroy', undefined);
    expect(await findAny(world.core.db.read, id)).toMatchObject({ state: 'destroyed', transition: 'destroying' });
    expect((await world.call('DELETE', `/sandboxes/${id}`)).status).toBe(200);
    expect(await world.host.fake.inspect(id)).toBeNull();
    expect((await findAny(world.core.db.read, id))?.transition).toBeNull();
  });
});

describe('waking', () => {
  test('fifty requests for one paused sandbox cause one resume and all succeed', async () => {
    const { id } = await world.create();
    await world.call('POST', `/sandboxes/${id}/pause`);
    const before = world.host.calls.length;
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.call('POST', `/sandboxes/${id}/exec`, { command: 'true' })));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(world.host.calls.slice(before).filter((call) => call === `resume ${id}`)).toHaveLength(1);
  });

  test('a pause under a running command tells its caller, and the command goes on after resume', async () => {
    const { id } = await world.create();
    const running = world.call('POST', `/sandboxes/${id}/exec`, { command: 'sleep 0.5; echo done > finished' });
    await expect.poll(() => world.core.pools.has(id)).toBe(true);
    await world.call('POST', `/sandboxes/${id}/pause`);
    const cut = await running;
    expect([cut.status, cut.body.error.code, cut.body.error.details.state]).toEqual([409, 'SANDBOX_NOT_RUNNING', 'paused']);
    await world.call('POST', `/sandboxes/${id}/resume`, {});
    await expect
      .poll(async () => (await world.call('POST', `/sandboxes/${id}/exec`, { command: 'cat finished' })).body.data.stdout, {
        timeout: 15_000,
      })
      .toBe('done\n');
  });

  test('a resume that cannot be done now leaves the sandbox paused; one that never can makes it an error', async () => {
    const { id } = await world.create();
    await world.call('POST', `/sandboxes/${id}/pause`);
    world.host.fail('resume', new Fault('UNAVAILABLE', 'full', { details: { reason: 'no_capacity' } }));
    const later = await world.call('POST', `/sandboxes/${id}/resume`, {});
    expect([later.status, later.body.error.details.reason]).toEqual([503, 'no_capacity']);
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data).toMatchObject({ state: 'paused', state_reason: 'user' });
    world.host.fail('resume', new Fault('INTERNAL', 'The root file system is damaged.'));
    expect((await world.call('POST', `/sandboxes/${id}/resume`, {})).status).toBe(503);
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('error');
    const exec = await world.call('POST', `/sandboxes/${id}/exec`, { command: 'true' });
    expect([exec.status, exec.body.error.details.state]).toEqual([409, 'error']);
    world.host.fail('resume', undefined);
    expect((await world.call('POST', `/sandboxes/${id}/resume`, {})).body.data.state).toBe('running');
  });

  test('the edge wakes a paused sandbox by the internal route', async () => {
    const { id } = await world.create();
    await world.call('POST', `/sandboxes/${id}/pause`);
    const woken = await world.internal('POST', `/internal/sandboxes/${id}/wake`);
    expect(woken.body.data).toMatchObject({ state: 'running', endpoint: { socketPath: expect.any(String) } });
    await world.call('DELETE', `/sandboxes/${id}`);
    expect((await world.internal('POST', `/internal/sandboxes/${id}/wake`)).status).toBe(410);
    expect((await world.internal('POST', '/internal/sandboxes/sbx_nope/wake')).status).toBe(404);
    expect((await world.call('POST', `/internal/sandboxes/${id}/wake`)).status).toBe(404);
  });
});
