import type { MiosaEvent } from '@miosa/sdk';
import { expect, it } from 'vitest';
import { client } from '../harness/context.ts';

const miosa = client();

const until = async (stream: AsyncIterable<MiosaEvent>, last: string): Promise<string[]> => {
  const types: string[] = [];
  for await (const { type } of stream) {
    types.push(type);
    if (type === last) break;
  }
  return types;
};

it('streams what becomes of a sandbox, in order, and lists it afterwards', async () => {
  const sandbox = await miosa.sandboxes.create();
  const created = (await miosa.events.list({ types: 'sandbox.created', limit: 50 }).all()).find(
    ({ resource }) => resource.id === sandbox.id,
  );
  expect(created?.data).toMatchObject({ id: sandbox.id, state: 'provisioning' });
  const lastEventId = created?.id;
  const [own, all] = [
    until(miosa.sandboxes.events(sandbox.id, { lastEventId }), 'sandbox.destroyed'),
    until(miosa.events.stream({ types: ['sandbox.*'], projectId: sandbox.projectId, lastEventId }), 'sandbox.destroyed'),
  ];
  await sandbox.pause();
  await sandbox.resume();
  await sandbox.destroy();
  expect(await own).toEqual(['sandbox.running', 'sandbox.paused', 'sandbox.resumed', 'sandbox.destroyed']);
  expect(await all).toContain('sandbox.destroyed');
});

it('streams the lines of all processes, those that come later too, and goes on where a reader left', async () => {
  const sandbox = await miosa.sandboxes.create();
  try {
    await sandbox.processes.start('for i in 1 2 3; do echo early $i; done; echo wrong >&2', { name: 'early' });
    const seen: string[] = [];
    for await (const { line, stream, source } of miosa.sandboxes.logs.stream(sandbox.id)) {
      seen.push(`${source} ${stream} ${line}`);
      if (seen.length === 4) await sandbox.processes.start('sleep 0.2; seq 1 500', { name: 'late' });
      if (seen.length === 504) break;
    }
    expect(seen.slice(0, 4).sort()).toEqual(['early stderr wrong', 'early stdout early 1', 'early stdout early 2', 'early stdout early 3']);
    expect(seen.slice(4)).toEqual(Array.from({ length: 500 }, (_, i) => `late stdout ${i + 1}`));
  } finally {
    await sandbox.destroy();
  }
});

it('pauses and destroys many at once, and says which could not be', async () => {
  const sandboxes = await Promise.all(Array.from({ length: 6 }, () => miosa.sandboxes.create({ tags: ['bulk-test'] })));
  const done = async (id: string) => {
    for (;;) {
      const operation = await miosa.bulk.get(id);
      if (operation.state === 'done') return operation;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const absent = 'sbx_00000000000000000000000000';
  const paused = await done((await miosa.bulk.sandboxes.pause({ ids: [...sandboxes.map(({ id }) => id), absent] })).id);
  expect(paused).toMatchObject({ completed: 6, failed: 1, errors: [{ id: absent, code: 'NOT_FOUND' }] });
  const destroyed = await done((await miosa.bulk.sandboxes.destroy({ filter: { tag: 'bulk-test' } })).id);
  expect(destroyed).toMatchObject({ completed: 6, failed: 0 });
});
