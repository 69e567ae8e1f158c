import '../testClean.ts';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Miosa } from '../client.ts';
import type { UploadFile, UploadProgress } from './upload.ts';

/** A platform that has no content yet, and takes all. */
const requests: { line: string; body: Buffer }[] = [];
const bodyOf = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
const server = createServer(async (incoming, response) => {
  const body = await bodyOf(incoming);
  requests.push({ line: `${incoming.method} ${incoming.url}`, body });
  const listing = incoming.method === 'POST' && incoming.url?.endsWith('/uploads');
  const missing = listing ? [...new Set(JSON.parse(body.toString()).files.map(({ sha256 }: { sha256: string }) => sha256))] : [];
  const data = listing ? { id: 'upl_1', missing, expires_at: '2030-01-01T00:00:00.000Z' } : { deployment: { id: 'dep_1' }, contents: 1 };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
});
let miosa: Miosa;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  miosa = new Miosa({ apiKey: 'msk_test_1', baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => void requests.splice(0));

const fileOf = (path: string, content: Buffer): UploadFile => ({ path, read: async () => new Uint8Array(content) });
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('1,000 files nobody has go in one archive that tar reads, a large one by itself, with progress', async () => {
  const contents = Array.from({ length: 999 }, (_, i) => Buffer.from(`file ${i}`));
  const large = Buffer.alloc(17 * 2 ** 20, 1);
  const files = [...contents, large].map((content, i) => fileOf(`f/${i}.txt`, content));
  const progress: UploadProgress[] = [];
  await miosa.deployments.versions.upload('dep_1', files, {}, { onProgress: (one) => void progress.push(one) });
  const puts = requests.filter(({ line }) => line.startsWith('PUT'));
  expect(puts.map(({ line }) => line.split('/uploads/')[1]).toSorted()).toEqual(['upl_1/blobs', `upl_1/blobs/${sha256(large)}`]);
  const archive = puts.find(({ line }) => line.endsWith('/blobs'))?.body ?? Buffer.alloc(0);
  const names = execFileSync('tar', ['-tz'], { input: archive, maxBuffer: 2 ** 24 })
    .toString()
    .trim()
    .split('\n');
  expect(new Set(names)).toEqual(new Set(contents.map(sha256)));
  const [some = Buffer.alloc(0)] = contents.slice(567);
  expect(execFileSync('tar', ['-xzO', sha256(some)], { input: archive })).toEqual(some);
  expect(progress.at(-1)).toEqual({
    contents: 1000,
    totalContents: 1000,
    bytes: progress[0]?.totalBytes,
    totalBytes: progress[0]?.totalBytes,
  });
  expect(JSON.parse(requests.at(-1)?.body.toString() ?? '')).toEqual({ upload_id: 'upl_1' });
});

test('a few files go one by one, each content once', async () => {
  await miosa.deployments.versions.upload('dep_1', [
    fileOf('a', Buffer.from('x')),
    fileOf('b', Buffer.from('x')),
    fileOf('c', Buffer.from('y')),
  ]);
  const puts = requests.filter(({ line }) => line.startsWith('PUT'));
  expect(puts.map(({ line }) => line.split('/').at(-1)).toSorted()).toEqual(
    [sha256(Buffer.from('x')), sha256(Buffer.from('y'))].toSorted(),
  );
});
