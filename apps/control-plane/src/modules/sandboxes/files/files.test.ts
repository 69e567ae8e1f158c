import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
let id: string;
beforeAll(async () => {
  world = await createWorld();
  id = (await world.create()).id;
});
afterAll(() => world?.close());

const files = (path: string) => `/sandboxes/${id}/files${path}`;

describe('files', () => {
  test('bytes come back as they went in, by query and by path', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const written = await world.call('PUT', files('/content?path=all.bin'), bytes, {
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect([written.status, written.body.data]).toEqual([200, expect.objectContaining({ size_bytes: 256, type: 'file', name: 'all.bin' })]);
    const read = await world.server.inject({
      url: `/api/v1${files('/content?path=all.bin')}`,
      headers: { authorization: `Bearer ${world.actor({})}` },
    });
    expect(read.rawPayload.equals(bytes)).toBe(true);
    for (const path of ['/all.bin', '/%2Fworkspace%2Fall.bin', '//workspace/all.bin']) {
      const byPath = await world.server.inject({ url: `/api/v1${files(path)}`, headers: { authorization: `Bearer ${world.actor({})}` } });
      expect([path, byPath.statusCode, byPath.rawPayload.length]).toEqual([path, 200, 256]);
    }
  });

  test('a file never runs as a page of the API host', async () => {
    await world.call('POST', files(''), { path: 'x.html', content: Buffer.from('<script>1</script>').toString('base64') });
    const { headers } = await world.call('GET', files('/content?path=x.html'));
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'content-security-policy': expect.stringContaining('sandbox') });
    expect(headers['set-cookie']).toBeUndefined();
  });

  test('HEAD answers without a body', async () => {
    const { status, text } = await world.call('HEAD', files('/content?path=x.html'));
    expect([status, text]).toEqual([200, '']);
  });

  test('base64 that is none is refused', async () => {
    expect((await world.call('POST', files(''), { path: 'y', content: '%%%' })).status).toBe(422);
  });

  test('a missing file is 404, NUL in a path is refused', async () => {
    expect((await world.call('GET', files('/content?path=nope'))).body.error.code).toBe('NOT_FOUND');
    expect((await world.call('GET', files('/content?path=a%00b'))).status).toBe(400);
  });

  test('a body declared too large is refused before a byte is read', async () => {
    const { status, body } = await world.call('PUT', files('/content?path=big'), Buffer.from('x'), {
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(2 * 1024 ** 3) },
    });
    expect([status, body.error.details.limit_bytes]).toEqual([413, 1024 ** 3]);
  });

  test('listing names its folder; a write counts as activity, a read does not', async () => {
    const { body } = await world.call('GET', files(''));
    expect(body).toMatchObject({ path: expect.stringContaining('/workspace'), next_cursor: null });
    expect(body.data.map((file: { name: string }) => file.name)).toContain('all.bin');
  });
});
