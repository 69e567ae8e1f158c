import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { answer, TestCli } from './testing/cli.ts';

const cli = new TestCli();
const folder = mkdtempSync(join(tmpdir(), 'miosa-cli-deployments-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const deployment = {
  id: 'dep_1',
  name: 'Lead',
  slug: 'lead',
  state: 'running',
  public_url: 'https://lead.cliniciq.test',
  active_version_id: 'ver_1',
};
const version = { id: 'ver_1', version_number: 3, state: 'ready', kind: 'static', url: 'https://ver1--lead.cliniciq.test' };
let build = { id: 'bld_1', state: 'ready', error: null as string | null };
let seen: { method: string; url: string; body: string }[] = [];

beforeEach(() => {
  seen = [];
  build = { id: 'bld_1', state: 'ready', error: null };
  cli.handler = (request, response) => {
    const url = request.url ?? '';
    seen.push({ method: request.method ?? '', url, body: request.text });
    if (url.endsWith('/logs/stream')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return void response.end('event: log\ndata: {"type":"log","line":"building"}\n\nevent: end\ndata: {"type":"end"}\n\n');
    }
    if (url.endsWith('/uploads'))
      return answer(response, 201, { data: { id: 'upl_1', missing: [], expires_at: '2026-05-25T12:00:00.000Z' } });
    if (url.includes('/builds/')) return answer(response, 200, { data: build });
    if (url.endsWith('/deploy') || (url.endsWith('/versions') && request.method === 'POST'))
      return answer(response, 202, { data: { deployment, version, release: null, build, services: [], promoted: false } });
    if (url.includes('/versions?')) return answer(response, 200, { data: [version], next_cursor: null });
    if (url.includes('/versions/')) return answer(response, 200, { data: version });
    if (url.includes('/deployments?') && request.method === 'GET') return answer(response, 200, { data: [deployment], next_cursor: null });
    answer(response, 200, { data: deployment });
  };
});

it('deploy publishes a sandbox, shows its build and the address', async () => {
  const { code, out, err } = await cli.run(['deploy', 'sbx_1', '--name', 'Lead', '--output', 'dist']);
  expect([code, out, err]).toEqual([
    0,
    expect.stringContaining('Version 3 is live: https://lead.cliniciq.test'),
    expect.stringContaining('building'),
  ]);
  expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ name: 'Lead', output_path: 'dist', wait: false });
});

it('deploy publishes a folder, leaving out what is no part of it', async () => {
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'node_modules', 'x.js'), 'x');
  writeFileSync(join(folder, 'index.html'), '<h1>x</h1>');
  expect((await cli.run(['deploy', folder, '--to', 'dep_1', '--quiet'])).out).toBe('https://lead.cliniciq.test\n');
  const upload = seen.find(({ url }) => url.endsWith('/uploads'));
  expect(JSON.parse(upload?.body ?? '').files.map(({ path }: { path: string }) => path)).toEqual(['index.html']);
});

it('deploy fails with the build’s own words, and says what is missing', async () => {
  build = { id: 'bld_1', state: 'failed', error: 'npm run build ended with exit code 1' };
  const failed = await cli.run(['deploy', 'sbx_1', '--name', 'Lead']);
  expect([failed.code, failed.err]).toEqual([1, expect.stringContaining('npm run build ended with exit code 1')]);
  expect((await cli.run(['deploy', 'sbx_1'])).err).toContain('--name');
});

it('rollback takes a number, promote too', async () => {
  expect((await cli.run(['rollback', 'lead', '3'])).code).toBe(0);
  expect(JSON.parse(seen.at(-1)?.body ?? '')).toEqual({ version_id: 'ver_1' });
  expect((await cli.run(['promote', 'lead', 'v3'])).code).toBe(0);
  expect(seen.at(-1)?.url).toContain('/versions/ver_1/promote');
  expect((await cli.run(['promote', 'lead', '9'])).err).toContain('There is no version 9');
});

it('env sets and removes', async () => {
  await cli.run(['deployments', 'env', 'lead', 'A=b=c', '--unset', 'OLD']);
  const calls = seen.map(({ method, url }) => `${method} ${url.split('/api/v1')[1]}`);
  expect(calls).toContain('DELETE /deployments/dep_1/env/OLD');
  expect(JSON.parse(seen.find(({ method }) => method === 'PUT')?.body ?? '').vars).toEqual([{ key: 'A', value: 'b=c', encrypted: true }]);
});
