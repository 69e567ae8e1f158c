import { newId } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';
import { tendTemplates } from './jobs.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const settle = async (): Promise<void> => {
  while (world.core.background.size > 0) await Promise.allSettled(world.core.background);
};
const make = async (build_spec: object, body: object = {}) => {
  const answer = await world.call('POST', '/templates', { name: 'Clinic base', build_spec, ...body });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.data;
};
const get = async (id: string) => (await world.call('GET', `/templates/${id}`)).body.data;
const builds = async (id: string) => (await world.call('GET', `/templates/${id}/builds`)).body.data;
const lines = async (id: string): Promise<string[]> => {
  const [build] = await builds(id);
  return (await world.call('GET', `/templates/${id}/builds/${build.id}/logs`)).body.data.map(({ line }: { line: string }) => line);
};
const run = async (id: string, command: string): Promise<string> =>
  (await world.call('POST', `/sandboxes/${id}/exec`, { command })).body.data.stdout;
const living = async (): Promise<string[]> => (await world.call('GET', '/sandboxes')).body.data.map(({ id }: { id: string }) => id);

describe('a template', () => {
  test('is built by its steps, and what is made from it has its files and defaults', async () => {
    const made = await make({
      from: 'miosa-sandbox',
      files: [{ path: 'greeting.txt', content: 'salve\n' }],
      run: ['echo building; cat greeting.txt > copy.txt', 'echo $MODE >> copy.txt'],
      env: { MODE: 'demo' },
      preview_port: 3000,
    });
    expect(made).toMatchObject({
      state: 'queued',
      slug: 'clinic-base',
      source: 'custom',
      sizes: expect.arrayContaining([{ size: 'xs', state: 'missing' }]),
    });
    await settle();
    expect(await get(made.id)).toMatchObject({
      state: 'ready',
      preview_port: 3000,
      sizes: expect.arrayContaining([{ size: 'xs', state: 'cold_boot_only' }]),
    });
    expect(await builds(made.id)).toMatchObject([{ state: 'ready', error: null, duration_ms: expect.any(Number) }]);
    const said = await lines(made.id);
    expect(said).toEqual(expect.arrayContaining(['From miosa-sandbox', 'File /workspace/greeting.txt', 'building']));
    expect(await living()).toEqual([]); // nothing of the build is left
    const sandbox = await world.create({ template_id: 'clinic-base', env: { OWN: 'x' } });
    expect(sandbox).toMatchObject({ template_id: made.id, preview_port: 3000, snapshot_id: null, state: 'running' });
    expect(await run(sandbox.id, 'cat copy.txt; echo $MODE $OWN')).toBe('salve\ndemo\ndemo x\n');
    const over = await world.create({ template_id: made.id, env: { MODE: 'mine' }, preview_port: 4000 });
    expect(over.preview_port).toBe(4000);
    expect(await run(over.id, 'echo $MODE')).toBe('mine\n');
  });

  test('can be the files of a snapshot, and the base of another', async () => {
    const source = await world.create();
    await run(source.id, 'echo first > layer');
    const snapshot = (await world.call('POST', `/sandboxes/${source.id}/snapshots`, {})).body.data;
    await make({ from: snapshot.id }, { slug: 'first' });
    await settle();
    await make({ from: 'first', run: ['echo second >> layer'] }, { slug: 'second' });
    await settle();
    const sandbox = await world.create({ template_id: 'second' });
    expect(await run(sandbox.id, 'cat layer')).toBe('first\nsecond\n');
    expect((await world.call('DELETE', '/templates/first')).body.error).toMatchObject({ code: 'IN_USE' });
    // The snapshot it was made of may go: a template has files of its own.
    expect((await world.call('DELETE', `/sandboxes/${source.id}/snapshots/${snapshot.id}`)).status).toBe(200);
    expect((await world.create({ template_id: 'first' })).state).toBe('running');
  });

  test('whose build fails says which step and how, and what it had before stays usable', async () => {
    const made = await make({ from: 'miosa-sandbox', run: ['true'] }, { slug: 'breaks' });
    await settle();
    const change = { build_spec: { from: 'miosa-sandbox', run: ['echo about to fail >&2', 'exit 7'] } };
    expect((await world.call('PATCH', `/templates/${made.id}`, change)).status).toBe(200);
    expect((await world.call('POST', `/templates/${made.id}/builds`)).status).toBe(202);
    await settle();
    const [build] = await builds(made.id);
    expect(build).toMatchObject({ state: 'failed', error: 'Run exit 7: ended with exit code 7.' });
    expect(await lines(made.id)).toEqual(expect.arrayContaining(['about to fail', 'Run exit 7: ended with exit code 7.']));
    expect((await get(made.id)).state).toBe('ready');
    expect((await world.create({ template_id: made.id })).state).toBe('running');
  });

  test('that was never built well is no base for a sandbox', async () => {
    const made = await make({ from: 'miosa-sandbox', run: ['false'] }, { slug: 'never' });
    await settle();
    expect((await get(made.id)).state).toBe('failed');
    const refused = await world.call('POST', '/sandboxes', { template_id: made.id });
    expect([refused.status, refused.body.error.code]).toEqual([409, 'CONFLICT']);
  });

  test('can be made many times at once', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, (_, n) => make({ from: 'miosa-sandbox' }, { slug: `many-${n}` })));
    await settle();
    expect(new Set((await Promise.all(made.map(({ id }) => get(id)))).map(({ state }) => state))).toEqual(new Set(['ready']));
  });

  test('is built one at a time', async () => {
    const made = await make({ from: 'miosa-sandbox', run: ['sleep 0.3'] }, { slug: 'once' });
    const second = await world.call('POST', `/templates/${made.id}/builds`);
    expect([second.status, second.body.error.code]).toEqual([409, 'TASK_RUNNING']);
    expect((await world.call('DELETE', `/templates/${made.id}`)).body.error.code).toBe('TASK_RUNNING');
    await settle();
    expect((await world.call('DELETE', `/templates/${made.id}`)).status).toBe(200);
    expect((await world.call('GET', `/templates/${made.id}`)).status).toBe(404);
    expect((await world.call('POST', '/sandboxes', { template_id: 'once' })).status).toBe(404);
  });

  test('keeps its slug to itself, and takes none of the installation', async () => {
    expect(
      (await world.call('POST', '/templates', { name: 'x', slug: 'breaks', build_spec: { from: 'miosa-sandbox' } })).body.error.code,
    ).toBe('SLUG_TAKEN');
    expect(
      (await world.call('POST', '/templates', { name: 'x', slug: 'miosa-sandbox', build_spec: { from: 'miosa-sandbox' } })).body.error.code,
    ).toBe('SLUG_TAKEN');
    const derived = await make({ from: 'miosa-sandbox' }, { name: 'Breaks' });
    expect(derived.slug).toMatch(/^breaks-[0-9a-z]{4}$/);
    await settle();
  });

  test('of another organization is as one that never was', async () => {
    const stranger = { as: world.actor({ tenantId: await world.tenant('Elsewhere') }) };
    const mine = await get('breaks');
    const absent = newId('tpl');
    for (const [method, rest, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { name: 'taken over' }],
      ['DELETE', '', undefined],
      ['POST', '/builds', undefined],
      ['GET', '/builds', undefined],
    ] as const) {
      const [foreign, none] = await Promise.all([
        world.call(method, `/templates/${mine.id}${rest}`, body, stranger),
        world.call(method, `/templates/${absent}${rest}`, body, stranger),
      ]);
      expect([method, rest, foreign.status, none.status]).toEqual([method, rest, 404, 404]);
    }
    for (const name of [mine.id, 'breaks']) {
      expect((await world.call('POST', '/sandboxes', { template_id: name }, stranger)).status).toBe(404);
      expect((await world.call('POST', '/templates', { name: 'x', build_spec: { from: name } }, stranger)).status).toBe(404);
    }
    const listed = (await world.call('GET', '/templates', undefined, stranger)).body;
    expect(listed.data.map(({ source }: { source: string }) => source)).not.toContain('custom');
    expect(listed.default_template_id).toBe('miosa-sandbox');
  });
});

test('a build whose process died is given up, and its sandbox goes', async () => {
  const sandbox = await world.create();
  const made = await make({ from: 'miosa-sandbox' }, { slug: 'orphan' });
  await settle();
  await world.core.db.read
    .updateTable('template_builds')
    .set({ state: 'building', finished_at: null, lease_until: new Date(Date.now() - 1), sandbox_id: sandbox.id })
    .where('template_id', '=', made.id)
    .execute();
  await tendTemplates(world.core);
  await settle();
  expect(await builds(made.id)).toMatchObject([{ state: 'failed', error: 'The process that built it has ended. Start the build again.' }]);
  expect((await world.call('GET', `/sandboxes/${sandbox.id}`)).body.data.state).toBe('destroyed');
});

describe('a build_spec', () => {
  const problems = async (build_spec: unknown) => (await world.call('POST', '/templates/validate', { build_spec })).body.data;

  test('is judged without being built', async () => {
    expect(await problems({ from: 'miosa-sandbox', run: ['true'] })).toEqual({ valid: true, errors: [] });
    for (const [spec, path] of [
      [{}, 'build_spec'],
      [{ from: 'x', packages: ['-o Dpkg::Pre-Invoke=evil'] }, 'build_spec.packages.0'],
      [{ from: 'x', env: { '1X': 'y' } }, 'build_spec.env.1X'],
      [{ from: 'x', files: [{ path: 'a\0b', content: '' }] }, 'build_spec.files.0.path'],
      [{ from: 'x', readiness_probe: { type: 'http', port: 80 } }, 'build_spec.readiness_probe'],
      [{ from: 'x', other: 1 }, 'build_spec.other'],
      ['text', 'build_spec'],
    ] as const) {
      const { valid, errors } = await problems(spec);
      expect([spec, valid, errors[0]?.path]).toEqual([spec, false, path]);
    }
  });

  test('that is wrong makes no template', async () => {
    const refused = await world.call('POST', '/templates', { name: 'x', build_spec: { from: 'miosa-sandbox', packages: ['--help'] } });
    expect([refused.status, refused.body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
    expect((await world.call('GET', '/templates/build-spec')).body.data.title).toBe('BuildSpec');
  });
});

test('the lines of a build are streamed as they come, and go on where a reader left', async () => {
  const made = await make({ from: 'miosa-sandbox', run: ['seq 1 50'] }, { slug: 'streams' });
  const [build] = await builds(made.id);
  const read = async (last?: string): Promise<string> =>
    (
      await world.call('GET', `/templates/${made.id}/builds/${build.id}/logs/stream`, undefined, {
        headers: last === undefined ? {} : { 'last-event-id': last },
      })
    ).text;
  const text = await read();
  expect(text.match(/event: log/g)?.length).toBe((await lines(made.id)).length);
  expect(text).toMatch(/event: end\n(.*\n)*data: .*"state":"ready"/);
  const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id);
  const rest = await read(ids.at(-3));
  expect(rest.match(/event: log/g)?.length).toBe(2);
});
