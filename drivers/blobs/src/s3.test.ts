import { randomUUID } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobContract } from './contract.ts';
import { sha256Of } from './key.ts';
import { createS3Blobs } from './s3.ts';
import { addressOf } from './s3-client.ts';
import { S3_BUILD_MS, type S3Server, startS3 } from './testing/s3-server.ts';

const blobOf = (text: string) => {
  const bytes = Buffer.from(text);
  const sha256 = sha256Of(bytes);
  return { key: `${randomUUID()}/${sha256}`, bytes, sha256, sizeBytes: bytes.length };
};

const firstOf = async <T>(items: AsyncIterable<T>): Promise<T | undefined> => {
  for await (const item of items) return item;
  return undefined;
};

describe('a real S3 server', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3();
  }, S3_BUILD_MS);
  afterAll(() => server?.close());

  for (const prefix of ['', 'miosa/production'])
    blobContract(`a bucket${prefix === '' ? '' : ', below a prefix'}`, async () => ({
      store: createS3Blobs({ ...server.options, prefix }),
      damage: async (key) => {
        const file = server.fileOf(prefix === '' ? key : `${prefix}/${key}`);
        await writeFile(file, Buffer.alloc((await stat(file)).size, '?'));
      },
      close: async () => {},
    }));

  it('is said to be away while it is, and is used again when it is back', async () => {
    const store = createS3Blobs(server.options);
    const blob = blobOf('kept');
    await store.put(blob.key, blob.bytes, blob);
    await server.kill();
    const away = { code: 'UNAVAILABLE' };
    const stream = (async function* () {
      yield blob.bytes;
    })();
    const calls = [
      ...[store.get(blob.key), store.open(blob.key), store.has([blob.key]), store.delete([blob.key])],
      ...[store.put(blob.key, blob.bytes, blob), store.put(blob.key, stream, blob), store.putMany([blob])],
    ];
    for (const call of await Promise.allSettled(calls)) expect(call).toMatchObject({ status: 'rejected', reason: away });
    await server.start();
    expect(await store.get(blob.key)).toEqual(blob.bytes);
    await store.close();
  });

  it.each([
    ['a wrong secret', { secretAccessKey: 'wrong' }],
    ['an unknown user', { accessKeyId: 'nobody' }],
    ['a bucket that is not there', { bucket: 'another' }],
    ['another region', { region: 'mars-1' }],
  ])('does not take for absent what it may not see: %s', async (_, wrong) => {
    const store = createS3Blobs({ ...server.options, ...wrong });
    const blob = blobOf('x');
    const away = { code: 'UNAVAILABLE', message: expect.not.stringContaining('s3') };
    await expect(store.get(blob.key)).rejects.toMatchObject(away);
    await expect(store.has([blob.key])).rejects.toMatchObject(away);
    await expect(store.putMany([blob])).rejects.toMatchObject(away);
    await expect(firstOf(store.list(''))).rejects.toMatchObject(away);
    await store.close();
  });
});

it.each([
  [{}, 'https://files.s3.eu-west-1.amazonaws.com'],
  [{ forcePathStyle: true }, 'https://s3.eu-west-1.amazonaws.com/files'],
  [{ endpoint: 'http://127.0.0.1:9000', forcePathStyle: true }, 'http://127.0.0.1:9000/files'],
  [{ endpoint: 'https://s3.example.com:444' }, 'https://files.s3.example.com:444'],
])('a bucket is asked for where its store has it: %j', (more, address) => {
  expect(addressOf({ bucket: 'files', region: 'eu-west-1', accessKeyId: 'x', secretAccessKey: 'x', ...more })).toBe(address);
});

/** For what a healthy server does not do. */
const scripted = async (answer: RequestListener, use: (store: ReturnType<typeof createS3Blobs>) => Promise<void>): Promise<void> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const names = { bucket: 'contents', region: 'eu-test-1', accessKeyId: 'tester', secretAccessKey: 'secret' };
  const store = createS3Blobs({ endpoint, ...names, forcePathStyle: true });
  try {
    await use(store);
  } finally {
    await store.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
};
const refusing =
  (status: number, code: string): RequestListener =>
  (request, response) => {
    request.resume();
    response.writeHead(status).end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>says &lt;why&gt;</Message></Error>`);
  };

describe('a store that has trouble', () => {
  it('that asks for patience or breaks off is asked again', async () => {
    const blob = blobOf('at last');
    let calls = 0;
    const answer: RequestListener = (request, response) => {
      request.resume();
      calls++;
      if (calls === 1) return refusing(503, 'SlowDown')(request, response);
      if (calls === 2) return void request.socket.destroy();
      if (calls === 3) response.writeHead(200, { 'content-length': 100 }).write('half');
      if (calls === 3) return void setTimeout(() => request.socket.destroy(), 50);
      response.end(blob.bytes);
    };
    await scripted(answer, async (store) => expect(await store.get(blob.key)).toEqual(blob.bytes));
    expect(calls).toBe(4);
  });

  it.each([
    [507, 'InsufficientStorage', 'STORAGE_FULL', 1],
    [403, 'QuotaExceeded', 'STORAGE_FULL', 1],
    [403, 'AccessDenied', 'UNAVAILABLE', 1],
    [301, 'PermanentRedirect', 'UNAVAILABLE', 1],
    [500, 'InternalError', 'UNAVAILABLE', 4],
  ])('is understood, and not asked in vain: %i %s', async (status, code, expected, times) => {
    let calls = 0;
    const answer: RequestListener = (request, response) => {
      calls++;
      refusing(status, code)(request, response);
    };
    const blob = blobOf('x');
    await scripted(answer, async (store) => {
      const refused = { code: expected, internal: expect.stringContaining(`${code} says <why>`) };
      await expect(store.put(blob.key, blob.bytes, blob)).rejects.toMatchObject(refused);
    });
    expect(calls).toBe(times);
  });
});
