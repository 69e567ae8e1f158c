import type { Sandbox, UploadProgress } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, unique } from '../harness/context.ts';
import { operations, recording } from '../harness/recording.ts';
import { request } from '../harness/request.ts';

/**
 * Publishing as a builder of apps does it, through the public SDK only. Every operation of deployments is driven here: the last test fails with
 * the names of those that nobody called.
 */

const called = new Set<string>();
const miosa = recording(client(), called);
const { deployments } = miosa;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await miosa.sandboxes.create({ externalWorkspaceId: unique('clinic') });
});
afterAll(() => sandbox.destroy());

const site = (title: string) => sandbox.files.writeMany([{ path: 'dist/index.html', content: `<h1>${title}</h1>` }]);
/** What a visitor sees once every edge has heard of it. */
const sees = async (url: string, text: string, path = '/'): Promise<void> =>
  expect.poll(async () => (await request(new URL(path, url).href)).body, { timeout: 10_000 }).toContain(text);

describe('a static site', () => {
  it('goes live in one call, changes with the next publish, goes back with a rollback, and every version has an address', async () => {
    await site('one');
    const name = unique('Lead magnet ');
    const first = await miosa.sandboxes.deploy(sandbox.id, { name });
    expect(first).toMatchObject({
      promoted: true,
      deployment: { name, state: 'running', workspaceId: sandbox.workspaceId, activeVersionId: first.version.id, sourceType: 'sandbox' },
      version: { versionNumber: 1, kind: 'static', state: 'ready', sourceSandboxId: sandbox.id },
      release: { kind: 'static' },
      services: [{ type: 'static_web', state: 'healthy' }],
    });
    const { id, publicUrl, urls, fallbackUrl } = first.deployment;
    expect(urls).toEqual([publicUrl]);
    expect(fallbackUrl).toBe(publicUrl);
    await sees(publicUrl, '<h1>one</h1>');

    await site('two');
    const second = await deployments.publish(id, { sourceSandboxId: sandbox.id });
    expect(second.version.versionNumber).toBe(2);
    await sees(publicUrl, '<h1>two</h1>');
    // The same deployment of that name, and unchanged files are no other release.
    const third = await miosa.sandboxes.deploy(sandbox.id, { name });
    expect([third.deployment.id, third.release?.sha256]).toEqual([id, second.release?.sha256]);

    const back = await deployments.rollback(id, { versionId: first.version.id });
    expect(back).toMatchObject({ activeVersionId: first.version.id, previousVersionId: third.version.id });
    await sees(publicUrl, '<h1>one</h1>');
    expect((await deployments.rollback(id)).activeVersionId).toBe(third.version.id);
    await sees(publicUrl, '<h1>two</h1>');
    await sees(first.version.url, '<h1>one</h1>');
    expect((await request(first.version.url)).headers['x-robots-tag']).toBe('noindex');

    await deployments.versions.promote(id, first.version.id);
    await sees(publicUrl, '<h1>one</h1>');
    expect((await deployments.versions.archive(id, second.version.id)).state).toBe('archived');
    await expect(deployments.versions.archive(id, first.version.id)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await deployments.versions.list(id).all()).map(({ versionNumber }) => versionNumber)).toEqual([3, 2, 1]);
    expect((await deployments.versions.get(id, second.version.id)).artifactManifest).toMatchObject({ files: 1, entrypoint: 'index.html' });
    expect((await deployments.releases.list(id).all()).length).toBe(3);
    expect((await deployments.releases.get(id, first.release?.id ?? '')).sha256).toBe(first.version.artifactSha256);
    expect((await deployments.builds.list(id).all()).map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
  });

  it('is staged without being live when it is not promoted', async () => {
    await site('live');
    const { deployment } = await sandbox.deploy({ name: unique('staged ') });
    await site('staged');
    const staged = await deployment.publish({ sourceSandboxId: sandbox.id, promote: false });
    expect(staged).toMatchObject({ promoted: false, services: [{ state: 'staged' }] });
    await sees(staged.version.url, '<h1>staged</h1>');
    await sees(deployment.publicUrl, '<h1>live</h1>');
    expect((await deployments.redeploy(deployment.id)).version.versionNumber).toBe(3);
    await sees(deployment.publicUrl, '<h1>staged</h1>'); // the sandbox as it is now
  });

  it('tells why a publish failed, and leaves what is live', async () => {
    await site('good');
    const { deployment } = await sandbox.deploy({ name: unique('failing ') });
    await sandbox.exec('ln -s /etc/passwd dist/secret.txt');
    await expect(deployment.publish({ sourceSandboxId: sandbox.id })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('secret.txt'),
    });
    await sandbox.exec('rm dist/secret.txt && echo "/a javascript:alert(1)" > dist/_redirects');
    await expect(deployment.publish({ sourceSandboxId: sandbox.id })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('line 1'),
    });
    await sandbox.exec('rm dist/_redirects');
    await expect(deployment.publish({ sourceSandboxId: sandbox.id, outputPath: 'nowhere' })).rejects.toMatchObject({ status: 422 });
    expect((await deployments.get(deployment.id)).state).toBe('running');
    await sees(deployment.publicUrl, '<h1>good</h1>');
    const failed = await deployments.versions.list(deployment.id, { state: 'failed' }).all();
    expect(failed).toHaveLength(3);
    await expect(deployments.versions.promote(deployment.id, failed[0]?.id ?? '')).rejects.toMatchObject({ code: 'VERSION_NOT_READY' });
  });

  it('stops, starts, moves to another name, and is gone', async () => {
    await site('moving');
    const slug = unique('moving').toLowerCase();
    const made = await deployments.create({ name: 'Moving', slug, externalWorkspaceId: sandbox.externalWorkspaceId ?? '' });
    expect(made).toMatchObject({ slug, state: 'pending', activeVersionId: null });
    expect((await request(made.publicUrl)).status).toBe(404); // nothing is published there yet
    await deployments.publish(made.id, { sourceSandboxId: sandbox.id });
    await sees(made.publicUrl, 'moving');
    await deployments.stop(made.id);
    await expect.poll(async () => (await request(made.publicUrl)).status).toBe(503);
    await deployments.start(made.id);
    await sees(made.publicUrl, 'moving');
    const moved = await deployments.update(made.id, { slug: `${slug}-x`, metadata: { plan: 'pro' } });
    expect(moved).toMatchObject({ slug: `${slug}-x`, metadata: { plan: 'pro' } });
    await sees(moved.publicUrl, 'moving');
    await expect.poll(async () => (await request(made.publicUrl)).status).toBe(404);
    expect((await deployments.get(`${slug}-x`)).id).toBe(made.id);
    expect((await deployments.list({ slug: `${slug}-x` }).all()).map(({ id }) => id)).toEqual([made.id]);
    await deployments.delete(made.id);
    await expect.poll(async () => (await request(moved.publicUrl)).status).toBe(404);
    await expect(deployments.get(made.id)).rejects.toMatchObject({ status: 404 });
  });
});

const SERVER = `
const http = require('node:http');
console.log('greeting is ' + process.env.GREETING);
http.createServer((req, res) => {
  if (req.url === '/slow') { res.write('one '); return setTimeout(() => res.end('two'), 300); }
  res.end('v' + process.env.VERSION_TEXT + ' ' + process.env.GREETING + ' on ' + req.headers.host);
}).listen(process.env.PORT);`;

describe('a server', () => {
  it('is built, started behind a health gate, replaced without a failed request, and rolled back with its environment', async () => {
    await using own = await miosa.sandboxes.create({ externalWorkspaceId: unique('server') });
    const write = (version: number) =>
      own.files.writeMany([
        { path: 'server.js', content: SERVER.replace('process.env.VERSION_TEXT', String(version)) },
        { path: 'package.json', content: JSON.stringify({ name: 'app', scripts: { start: 'node server.js' } }) },
      ]);
    await write(1);
    const made = await deployments.create({
      name: unique('server '),
      env: { GREETING: 'salve' },
      externalWorkspaceId: own.externalWorkspaceId ?? '',
    });
    const first = await deployments.publish(made.id, { sourceSandboxId: own.id, port: 8080 });
    expect(first).toMatchObject({
      promoted: true,
      version: { kind: 'dynamic', state: 'ready' },
      release: { kind: 'rootfs' },
      services: [{ type: 'web' }],
    });
    await sees(made.publicUrl, `v1 salve on ${new URL(made.publicUrl).host}`);

    const answers: number[] = [];
    let asking = true;
    const visitor = (async () => {
      while (asking) answers.push((await request(made.publicUrl)).status);
    })();
    await write(2);
    await deployments.env.set(made.id, {
      vars: [
        { key: 'GREETING', value: 'ave', encrypted: false },
        { key: 'OTHER', value: 'x' },
      ],
    });
    expect((await deployments.env.list(made.id).all()).map(({ key, value }) => [key, value])).toEqual([
      ['GREETING', 'ave'],
      ['OTHER', null],
    ]);
    await deployments.publish(made.id, { sourceSandboxId: own.id, port: 8080 });
    await sees(made.publicUrl, 'v2 ave');
    await deployments.rollback(made.id);
    await sees(made.publicUrl, 'v1 salve');
    asking = false;
    await visitor;
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    expect(answers.length).toBeGreaterThan(5);

    await deployments.restart(made.id);
    await sees(made.publicUrl, 'v1 ave');
    await deployments.env.delete(made.id, 'OTHER');
    const [instance] = await deployments.runtimeInstances.list(made.id).all();
    expect(await deployments.runtimeInstances.get(made.id, instance?.id ?? '')).toMatchObject({ versionId: first.version.id, port: 8080 });
    expect((await deployments.runtimeInstances.logs(made.id, instance?.id ?? '').all()).map(({ line }) => line).join()).toContain(
      'greeting is',
    );
    expect((await deployments.logs(made.id).all()).map(({ line }) => line).join()).toContain('greeting is');
    for await (const { line } of deployments.logs.stream(made.id)) if (line.includes('greeting is')) break;
    expect((await deployments.metrics(made.id, { window: '5m' })).window).toBe('5m');
    const [build] = await deployments.builds.list(made.id).all();
    expect(await deployments.builds.get(made.id, build?.id ?? '')).toMatchObject({ state: 'ready' });
    expect((await deployments.builds.logs(made.id, build?.id ?? '').all()).length).toBeGreaterThan(0);
    const lines: string[] = [];
    for await (const { line } of deployments.builds.logs.stream(made.id, build?.id ?? '')) lines.push(line);
    expect(lines.at(-1)).toBe('Done');
    await expect(deployments.builds.cancel(made.id, build?.id ?? '')).rejects.toMatchObject({ code: 'CONFLICT' });
    await deployments.delete(made.id);
  });
});

const bytesOf = (text: string) => new TextEncoder().encode(text);

it('takes files from outside, and sends only what it does not have', async () => {
  const made = await deployments.create({
    name: unique('uploaded '),
    sourceType: 'upload',
    externalWorkspaceId: sandbox.externalWorkspaceId ?? '',
  });
  const reads: string[] = [];
  const files = (title: string) =>
    [
      ['index.html', `<h1>${title}</h1>`],
      ['style.css', 'body { color: teal }'],
      ['_headers', '/*\n  X-Made-By: clinic\n'],
    ].map(([path = '', text = '']) => ({
      path,
      read: async () => {
        reads.push(path);
        return bytesOf(text);
      },
    }));
  const first = await deployments.versions.upload(made.id, files('first'));
  expect(first).toMatchObject({ promoted: true, version: { kind: 'static', artifactManifest: { files: 2 } } });
  await sees(made.publicUrl, '<h1>first</h1>');
  expect((await request(made.publicUrl)).headers['x-made-by']).toBe('clinic');
  expect(reads.length).toBe(6); // each once for its hash and once to be sent
  await deployments.versions.upload(made.id, files('second'));
  expect(reads.slice(6).filter((path) => path === 'style.css')).toHaveLength(1);
  await sees(made.publicUrl, '<h1>second</h1>');

  const content = bytesOf('<h1>third</h1>');
  const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', content)).toString('hex');
  const upload = await deployments.uploads.create(made.id, { files: [{ path: 'index.html', sha256, sizeBytes: content.length }] });
  expect(upload.missing).toEqual([sha256]);
  await expect(deployments.versions.create(made.id, { uploadId: upload.id })).rejects.toMatchObject({
    code: 'CONFLICT',
    details: { missing: [sha256] },
  });
  await expect(deployments.uploads.put(made.id, upload.id, sha256, bytesOf('something else'))).rejects.toMatchObject({ status: 422 });
  await expect(deployments.uploads.putMany(made.id, upload.id, content)).rejects.toMatchObject({ status: 422 }); // no archive
  await deployments.uploads.put(made.id, upload.id, sha256, content);
  await deployments.versions.create(made.id, { uploadId: upload.id });
  await sees(made.publicUrl, '<h1>third</h1>');
  await deployments.delete(made.id);
});

it('takes 1,000 new files in one go, says how far it is, and sends none of them again', async () => {
  const made = await deployments.create({
    name: unique('many '),
    sourceType: 'upload',
    externalWorkspaceId: sandbox.externalWorkspaceId ?? '',
  });
  const page = (i: number): string => (i === 0 ? 'index.html' : `pages/${i}.html`);
  const mark = unique('page');
  const files = Array.from({ length: 1000 }, (_, i) => ({
    path: page(i),
    read: async () => new TextEncoder().encode(`<h1>${mark} ${i}</h1>`),
  }));
  const told: number[] = [];
  const onProgress = ({ contents, totalContents }: UploadProgress) => void told.push(contents, totalContents);
  const first = await deployments.versions.upload(made.id, files, { waitSeconds: 110 }, { onProgress });
  expect(first.version.artifactManifest).toMatchObject({ files: 1000 });
  expect(told.slice(-2)).toEqual([1000, 1000]);
  await sees(made.publicUrl, `${mark} 999`, '/pages/999');
  await deployments.versions.upload(made.id, files, { waitSeconds: 110 }, { onProgress: () => expect.unreachable() });
  await deployments.delete(made.id);
}, 240_000);

it('has driven every operation there is', () => {
  // Hooks come from Git hosts, which have no SDK of ours.
  const meant = operations().filter(
    (name) => (name.startsWith('deployments.') && name !== 'deployments.gitHook') || name === 'sandboxes.deploy',
  );
  expect(meant.length).toBeGreaterThan(30);
  expect(meant.filter((name) => !called.has(name))).toEqual([]);
});
