import { expect, it } from 'vitest';
import { Miosa } from '../index.ts';
import { failure, json, startServer } from '../testServer.ts';

const created = json(201, {
  data: { id: 'sbx_1', state: 'running', external_workspace_id: 'clinic_123', metadata: { my_key: 1 }, files: 'a later field' },
});
const ok = json(200, { data: { id: 'sbx_1', state: 'paused', deleted: true } });
const client = (baseUrl: string) => new Miosa({ baseUrl, apiKey: 'msk_test_1' });

it('carries its fields as data and its actions out of sight', async () => {
  await using server = await startServer(created, ok);
  const sandbox = await client(server.url).sandboxes.create({ workspaceSlug: 'dr-smith-clinic' });
  expect(JSON.parse(JSON.stringify(sandbox))).toEqual({
    id: 'sbx_1',
    state: 'running',
    externalWorkspaceId: 'clinic_123',
    metadata: { my_key: 1 },
  });
  expect((await sandbox.pause()).state).toBe('paused');
  expect(sandbox.state).toBe('running');
  await sandbox.files.writeMany([{ path: 'a', content: 'b' }]);
  await sandbox.files.archive.set('tar', '/workspace/a b');
  await sandbox.shares.revoke('ms_1');
  expect(server.requests.slice(1).map((request) => `${request.method} ${request.url}`)).toEqual([
    'POST /api/v1/sandboxes/sbx_1/pause',
    'POST /api/v1/sandboxes/sbx_1/files/write-many',
    'PUT /api/v1/sandboxes/sbx_1/files/archive?path=%2Fworkspace%2Fa+b',
    'DELETE /api/v1/sandboxes/sbx_1/shares/ms_1',
  ]);
});

it('is asked for by name, and found by metadata as it is written', async () => {
  await using server = await startServer(created, json(200, { data: [], next_cursor: null }));
  const { sandboxes } = client(server.url);
  expect((await sandboxes.getOrCreate('site', { size: 'xs' })).id).toBe('sbx_1');
  await sandboxes.list({ metadata: { Plan_Name: 'pro', n: 1 }, tag: 'red' }).all();
  const [create, list] = server.requests;
  expect(JSON.parse(create?.body ?? '')).toEqual({ name: 'site', size: 'xs', get_or_create: true });
  expect(Object.fromEntries(new URL(`http://x${list?.url}`).searchParams)).toEqual({ metadata: '{"Plan_Name":"pro","n":1}', tag: 'red' });
});

it('is destroyed at the end of its block, and a sandbox that is gone already is fine', async () => {
  await using server = await startServer(created, failure(410, 'GONE'));
  {
    await using sandbox = await client(server.url).sandboxes.create();
    expect(sandbox.id).toBe('sbx_1');
  }
  expect(server.requests.map((request) => request.method)).toEqual(['POST', 'DELETE']);
});

it('reads files as bytes, text and stream, and writes bytes as they are', async () => {
  const bytes = new Uint8Array([0, 255, 195, 164]);
  await using server = await startServer((response) => response.end(bytes));
  const { files } = client(server.url).sandboxes;
  expect(await files.read('sbx_1', 'a')).toEqual(bytes);
  expect((await files.readText('sbx_1', 'a')).at(-1)).toBe('ä');
  const chunks = [];
  for await (const chunk of await files.readStream('sbx_1', 'a')) chunks.push(...chunk);
  expect(chunks).toEqual([...bytes]);
});
