import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEcho } from '../harness/apps.ts';
import { client, platform, unique } from '../harness/context.ts';
import { request, visit } from '../harness/request.ts';

const miosa = client();
const clinic = unique('clinic');
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await miosa.sandboxes.create({
    templateId: 'miosa-sandbox',
    workspaceSlug: clinic,
    workspaceName: 'Dr. Smith Clinic',
    projectSlug: 'summer-lead-magnet',
    projectName: 'Summer Lead Magnet',
    externalWorkspaceId: `ext-${clinic}`,
    externalUserId: 'dr-smith-456',
    externalProjectId: 'project_789',
  });
  await startEcho(sandbox);
});
afterAll(async () => {
  await sandbox?.destroy();
});

it('creates a command-ready sandbox under the customer and says who owns it', () => {
  expect(sandbox).toMatchObject({
    state: 'running',
    ready: true,
    isolation: 'container',
    workspaceSlug: clinic,
    workspaceName: 'Dr. Smith Clinic',
    projectSlug: 'summer-lead-magnet',
    projectName: 'Summer Lead Magnet',
    externalWorkspaceId: `ext-${clinic}`,
    externalUserId: 'dr-smith-456',
    externalProjectId: 'project_789',
  });
  expect(sandbox.bootMs).toBeGreaterThan(0);
});

it('shows the app through the edge with a preview token and hides token, cookie and host from it', async () => {
  const { token, url } = await sandbox.previewToken({ expiresIn: 600 });
  const page = await visit(url);
  expect(page.status).toBe(200);
  const seen = JSON.parse(page.body);
  expect(seen.url).toBe('/');
  expect(seen.headers.host).toBe('localhost:5173');
  expect(seen.headers['x-forwarded-host']).toBe(new URL(url).host);
  expect(seen.headers['x-forwarded-proto']).toBe('https');
  expect(page.body).not.toContain(token);
  expect(page.body).not.toContain('miosa-preview');
  expect(page.cookie).toMatch(/^__Host-miosa-preview=/);
});

it.each(['mt', 'token'])('takes the token as ?%s= and keeps the rest of the address', async (name) => {
  const { token } = await sandbox.previewToken();
  const page = await visit(`${sandbox.previewUrl}/deep/link?a=1&${name}=${token}&b=2`);
  expect(page.status).toBe(200);
  expect(JSON.parse(page.body).url).toBe('/deep/link?a=1&b=2');
});

it('takes the token as a header, for programs', async () => {
  const { token } = await sandbox.previewToken();
  const answer = await request(`${sandbox.previewUrl}/`, { headers: { 'x-miosa-preview-token': token } });
  expect(answer.status).toBe(200);
  expect(answer.body).not.toContain(token);
});

it('refuses the same page without a token, with JSON for programs and a page for browsers', async () => {
  const program = await request(`${sandbox.previewUrl}/`, { headers: { accept: 'application/json' } });
  expect(program.status).toBe(401);
  expect(JSON.parse(program.body).error.code).toBe('UNAUTHORIZED');
  const browser = await request(`${sandbox.previewUrl}/`, { headers: { accept: 'text/html' } });
  expect(browser.status).toBe(401);
  expect(browser.headers['content-type']).toContain('text/html');
});

it('refuses a wrong token even when a good cookie comes with it', async () => {
  const { token, url } = await sandbox.previewToken();
  const { cookie } = await visit(url);
  const answer = await request(`${sandbox.previewUrl}/?mt=${token.slice(0, -4)}AAAA`, { headers: { cookie } });
  expect(answer.status).toBe(403);
});

it('keeps a read token from unsafe methods, and lets an interact token use them', async () => {
  const read = await sandbox.previewToken({ scope: 'read' });
  const post = { method: 'POST', body: 'x'.repeat(1000) };
  expect((await request(`${sandbox.previewUrl}/`, { ...post, headers: { 'x-miosa-preview-token': read.token } })).status).toBe(403);
  const interact = await sandbox.previewToken({ scope: 'interact' });
  const done = await request(`${sandbox.previewUrl}/`, { ...post, headers: { 'x-miosa-preview-token': interact.token } });
  expect(done.status).toBe(200);
  expect(JSON.parse(done.body).bytes).toBe(1000);
});

it('opens no other port and no other sandbox with a token', async () => {
  const { token } = await sandbox.previewToken({ port: 5173 });
  const other = String(sandbox.previewUrl).replace('//5173-', '//5174-');
  expect((await request(`${other}/`, { headers: { 'x-miosa-preview-token': token } })).status).toBe(403);
  await using neighbour = await miosa.sandboxes.create({ externalWorkspaceId: `ext-${clinic}` });
  expect((await request(`${neighbour.previewUrl}/`, { headers: { 'x-miosa-preview-token': token } })).status).toBe(403);
});

it('answers 404 for hosts that do not exist and 502 for a port where nothing listens', async () => {
  const { httpsPort, domain } = platform();
  expect((await request(`https://5173-sbx00000000.sandbox.${domain}:${httpsPort}/`)).status).toBe(404);
  const { token } = await sandbox.previewToken({ port: 'any' });
  const silent = String(sandbox.previewUrl).replace('//5173-', '//9999-');
  expect((await request(`${silent}/`, { headers: { 'x-miosa-preview-token': token } })).status).toBe(502);
});

it('makes a port public with expose and private again at once', async () => {
  const preview = await sandbox.expose(5173);
  expect(preview.visibility).toBe('public');
  expect((await request(preview.url)).status).toBe(200);
  await sandbox.previews.update(preview.id, { visibility: 'private' });
  await expect.poll(async () => (await request(preview.url)).status, { timeout: 1000, interval: 20 }).toBe(401);
  await sandbox.previews.delete(preview.id);
});

it('shares with a link that a revocation ends within a second', async () => {
  const share = await sandbox.shares.create({ expiresIn: 86_400 });
  expect(share.url).toContain(`?token=${share.token}`);
  const page = await visit(share.url);
  expect(page.status).toBe(200);
  await sandbox.shares.revoke(share.token);
  const again = () => request(`${sandbox.previewUrl}/`, { headers: { cookie: page.cookie } });
  await expect.poll(async () => (await again()).status, { timeout: 1000, interval: 20 }).toBe(403);
  expect((await request(share.url)).status).toBe(403);
});

it('ends every token with the sandbox: 410 with the reason, for browsers and API alike', async () => {
  await using shortLived = await miosa.sandboxes.create({ externalWorkspaceId: `ext-${clinic}` });
  const { token } = await shortLived.previewToken();
  await shortLived.destroy();
  const visitor = () => request(`${shortLived.previewUrl}/`, { headers: { 'x-miosa-preview-token': token, accept: 'application/json' } });
  await expect.poll(async () => (await visitor()).status, { timeout: 1000, interval: 20 }).toBe(410);
  await expect(miosa.sandboxes.exec(shortLived.id, 'true')).rejects.toMatchObject({ status: 410, details: { ended_reason: 'user' } });
  expect((await miosa.sandboxes.get(shortLived.id)).endedReason).toBe('user');
});
