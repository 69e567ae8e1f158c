import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { S3_BUILD_MS, type S3Server, startS3 } from '@miosa/blobs/testing';
import { type Deployment, MiosaError } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Broken, startBreakable } from './fixture.ts';
import { filesOf, seeOf, siteOf, startVisitor } from './published.ts';

/** Contents in a store that is not of this host: what the edge has served it serves on without it. */

let server: S3Server;
let broken: Broken;
let site: Deployment;

const PREFIX = 'miosa/tests';
const LARGE = 'x'.repeat(2 ** 20);

const see = (path = '/') => seeOf(broken.platform, site, path);
const sees = (text: string, path = '/'): Promise<void> =>
  expect.poll(async () => (await see(path)).body, { timeout: 60_000, interval: 100 }).toBe(text);
const filesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

beforeAll(async () => {
  server = await startS3();
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server.options;
  broken = await startBreakable({
    env: {
      MIOSA_BLOBS: `s3://${bucket}/${PREFIX}?endpoint=${encodeURIComponent(endpoint)}&region=${region}&path_style=true`,
      MIOSA_BLOBS_ACCESS_KEY_ID: accessKeyId,
      MIOSA_BLOBS_SECRET_ACCESS_KEY: secretAccessKey,
    },
  });
  site = await broken.miosa.deployments.create({ name: 'site', sourceType: 'upload', externalWorkspaceId: 'clinic' });
}, S3_BUILD_MS);
afterAll(async () => {
  await broken?.platform.stop();
  await server?.close();
});

it('a site is published into the store and served from it', async () => {
  await broken.miosa.deployments.versions.upload(site.id, [
    ...siteOf('one'),
    ...filesOf({ 'large.txt': LARGE, 'unread.txt': 'not asked for' }),
  ]);
  await sees('<h1>one</h1>');
  await sees(LARGE, '/large.txt');
  expect(filesIn(server.fileOf(PREFIX))).toBeGreaterThanOrEqual(4);
  expect(filesIn(join(broken.platform.dataDir, 'blobs'))).toBe(0);
});

it('while the store is away what was served is served on, by an edge started anew too; publishing says so, and all heals by itself', async () => {
  const { platform, once, miosa } = broken;
  const visitor = startVisitor(platform, site);
  await server.kill();
  try {
    const refused = await once.deployments.versions.upload(site.id, siteOf('two')).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(MiosaError);
    expect(refused).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
    expect((await see('/unread.txt')).status).toBe(503);
    expect(await visitor.stop()).toEqual(['<h1>one</h1>']);
    const edge = platform.pid('edge');
    await platform.kill('edge');
    await platform.restarted('edge', edge);
    await sees('<h1>one</h1>');
    await sees(LARGE, '/large.txt');
  } finally {
    await server.start();
  }
  await sees('not asked for', '/unread.txt');
  await miosa.deployments.versions.upload(site.id, siteOf('three'));
  await sees('<h1>three</h1>');
});
