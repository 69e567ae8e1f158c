import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const ask = (body: object, as?: string) =>
  world.call('POST', '/sandboxes', { get_or_create: true, ...body }, as === undefined ? {} : { as });

describe('get_or_create', () => {
  test('of fifty at once by several keys one makes it, and all are given it', async () => {
    const keys = [world.actor({}), world.actor({}), world.actor({})];
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => ask({ name: 'one' }, keys[n % 3])));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(49).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
    expect(answers.every(({ body }) => body.data.state === 'running')).toBe(true);
  });

  test('is by project, needs a name, and plain creates are not bound by it', async () => {
    const one = (await ask({ name: 'x' })).body.data.id;
    expect((await ask({ name: 'x', project_slug: 'other' })).status).toBe(201);
    expect((await ask({})).status).toBe(422);
    expect((await world.create({ name: 'x' })).id).not.toBe(one);
    expect((await ask({ name: 'x' })).body.data.id).toBe(one);
  });

  test('a paused one is answered as it is; a destroyed one, or one that never started, makes room for a new one', async () => {
    const { id } = (await ask({ name: 'y' })).body.data;
    await world.call('POST', `/sandboxes/${id}/pause`);
    expect((await ask({ name: 'y' })).body.data).toMatchObject({ id, state: 'paused' });
    await world.call('DELETE', `/sandboxes/${id}`);
    const again = await ask({ name: 'y' });
    expect([again.status, again.body.data.id === id]).toEqual([201, false]);
    world.host.fail('create', new Error('broken'));
    expect((await ask({ name: 'z' })).status).toBeGreaterThanOrEqual(500);
    world.host.fail('create', undefined);
    expect((await ask({ name: 'z' })).status).toBe(201);
  });

  test('what a caller cannot see it is not given', async () => {
    const { id } = (await ask({ name: 'w' })).body.data;
    const stranger = world.actor({ tenantId: await world.tenant('Other') });
    const theirs = await ask({ name: 'w' }, stranger);
    expect([theirs.status, theirs.body.data.id === id]).toEqual([201, false]);
  });
});
