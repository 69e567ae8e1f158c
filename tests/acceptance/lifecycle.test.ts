import { expect, it } from 'vitest';
import { startEcho } from '../harness/apps.ts';
import { client, unique } from '../harness/context.ts';
import { request, visit } from '../harness/request.ts';

const miosa = client();

it('runs a first command in the create call', async () => {
  const { sandbox, result } = await miosa.sandboxes.run({ command: 'node --version && python3 --version && git --version', keep: false });
  expect(result).toMatchObject({ exitCode: 0 });
  expect(result.stdout).toMatch(/^v22\./);
  expect((await miosa.sandboxes.get(sandbox.id)).state).toBe('destroyed');
});

it('keeps files, processes and id over pause and resume', async () => {
  await using sandbox = await miosa.sandboxes.create();
  await sandbox.files.write('kept.txt', 'kept');
  const ticker = await sandbox.processes.start('while :; do sleep 1; done');
  const paused = await sandbox.pause();
  expect(paused).toMatchObject({ id: sandbox.id, state: 'paused', stateReason: 'user' });
  const resumed = await paused.resume();
  expect(resumed).toMatchObject({ id: sandbox.id, slug: sandbox.slug, state: 'running', ready: true });
  expect(await resumed.files.readText('kept.txt')).toBe('kept');
  expect((await resumed.processes.get(ticker.id)).state).toBe('running');
});

it('wakes a paused sandbox for a command and for a visitor, holding both', async () => {
  await using sandbox = await miosa.sandboxes.create();
  await startEcho(sandbox);
  const { url } = await sandbox.previewToken();
  const { cookie } = await visit(url);
  await sandbox.pause();
  expect((await sandbox.exec('echo awake')).stdout).toBe('awake\n');
  await sandbox.pause();
  const answers = await Promise.all(Array.from({ length: 20 }, () => request(`${sandbox.previewUrl}/`, { headers: { cookie } })));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect((await sandbox.refresh()).state).toBe('running');
});

it('repeats a destroy without an error, from every state', async () => {
  const sandbox = await miosa.sandboxes.create();
  await sandbox.pause();
  expect(await sandbox.destroy()).toMatchObject({ id: sandbox.id, deleted: true });
  expect(await sandbox.destroy()).toMatchObject({ id: sandbox.id, deleted: true });
  await expect(sandbox.resume()).rejects.toMatchObject({ code: 'GONE' });
});

it('makes one sandbox of many creates with one idempotency key', async () => {
  const externalWorkspaceId = unique('idem');
  const idempotencyKey = unique('key');
  const answers = await Promise.allSettled(
    Array.from({ length: 10 }, () => miosa.sandboxes.create({ externalWorkspaceId }, { idempotencyKey })),
  );
  const again = await miosa.sandboxes.create({ externalWorkspaceId }, { idempotencyKey });
  for (const answer of answers)
    if (answer.status === 'fulfilled') expect(answer.value.id).toBe(again.id);
    else expect(answer.reason).toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS', retryable: true });
  const all = [];
  for await (const sandbox of miosa.sandboxes.list({ externalWorkspaceId })) all.push(sandbox);
  expect(all.length).toBe(1);
  await all[0]?.destroy();
  await expect(miosa.sandboxes.create({ externalWorkspaceId, name: 'other' }, { idempotencyKey })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
});

it('changes what may be changed and refuses what the plan of the API does not know yet', async () => {
  await using sandbox = await miosa.sandboxes.create({ name: 'before', tags: ['a'], metadata: { Keep_Me: 1 } });
  const changed = await sandbox.update({ name: 'after', externalUserId: 'someone-else', idleTimeoutSec: 120 });
  expect(changed).toMatchObject({ name: 'after', externalUserId: 'someone-else', idleTimeoutSec: 120, metadata: { Keep_Me: 1 } });
  const longer = await sandbox.extend({ timeoutSec: 7200 });
  expect(Date.parse(longer.expiresAt ?? '')).toBeGreaterThan(Date.parse(sandbox.expiresAt ?? ''));
  await expect(miosa.sandboxes.create({ templateId: 'no-such-template' })).rejects.toMatchObject({ status: 404 });
  await expect(miosa.sandboxes.create({ timeoutSec: 5 })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
});
