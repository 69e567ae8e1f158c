import { createHmac } from 'node:crypto';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';
import { call, createDeployments, linesOf as lines } from '../harness/deployments.ts';
import { openGitHost } from '../harness/git-host.ts';
import { request } from '../harness/request.ts';

const miosa = client();
const deployments = createDeployments();
const deployment = deployments.create;
afterAll(deployments.close);
let host: Awaited<ReturnType<typeof openGitHost>>;
beforeAll(async () => {
  host = await openGitHost();
});
afterAll(async () => {
  await host?.close();
});

/** The host's certificate is the test's. */
const ANY_CERTIFICATE = { GIT_SSL_NO_VERIFY: '1' };
const repository = (name: string, over: object = {}) => ({
  source_type: 'repo',
  repo_url: host.url(name),
  branch: 'main',
  env: ANY_CERTIFICATE,
  ...over,
});

describe('a repository', () => {
  it('is fetched, built and live, and a push makes the next version', async () => {
    const files = {
      'index.src': '<h1>one</h1>',
      'package.json': JSON.stringify({ scripts: { build: 'mkdir -p dist && cp index.src dist/index.html' } }),
    };
    const first = host.commit('site.git', 'First light', files);
    const { id, public_url: url, webhook_secret: secret } = await deployment(repository('site.git', { auto_deploy: true }));
    const published = await call('POST', `/deployments/${id}/redeploy`, { wait_seconds: 60 });
    expect([published.status, published.data?.promoted], published.text).toEqual([201, true]);
    expect(published.data.build).toMatchObject({ state: 'ready', commit_sha: first, commit_message: 'First light' });
    expect((await request(url)).body).toBe('<h1>one</h1>');

    const second = host.commit('site.git', 'Second', { 'index.src': '<h1>two</h1>' });
    const body = JSON.stringify({ ref: 'refs/heads/main', before: first, after: second, head_commit: { message: 'Second' } });
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    const headers = { 'content-type': 'application/json', 'x-github-event': 'push', 'x-hub-signature-256': signature };
    const hook = await request(`${platform().apiUrl}/api/v1/deployments/${id}/git-hook`, { method: 'POST', headers, body });
    expect(hook.status, hook.body).toBe(202);
    await expect.poll(async () => (await request(url)).body, { timeout: 30_000, interval: 250 }).toBe('<h1>two</h1>');
    expect((await call('GET', `/deployments/${id}/builds`)).data[0]).toMatchObject({ commit_sha: second, triggered_by: 'system:git-hook' });
  });

  it('that is private is fetched with the token, which nobody else sees', async () => {
    host.commit('private/site.git', 'Secret', { 'index.html': '<h1>private</h1>' });
    const without = await deployment(repository('private/site.git'));
    const refused = await call('POST', `/deployments/${without.id}/redeploy`);
    expect([refused.status, refused.error?.message]).toEqual([409, expect.stringMatching(/GIT_TOKEN/)]);

    const env = { ...ANY_CERTIFICATE, GIT_TOKEN: host.token };
    const build_command = 'env; cat .git/config; git config --list; ps -ef; mkdir dist; cp index.html dist/';
    const { id, public_url: url } = await deployment(repository('private/site.git', { env, build_command }));
    const published = await call('POST', `/deployments/${id}/redeploy`);
    expect(published.status, published.text).toBe(201);
    expect((await request(url)).body).toBe('<h1>private</h1>');
    const said = await lines(id);
    expect(said).toContain('CI=1');
    expect(said).not.toContain(host.token);
    expect(said).not.toContain('[GIT_TOKEN]'); // not even hidden: it was not there
    const shown = host.asked.filter((line) => line.includes('Basic')).map((line) => line.split(' ')[0] ?? '');
    expect(shown.every((path) => path.startsWith('/private/'))).toBe(true);
  });

  it('that is not there says what to look at', async () => {
    const { id } = await deployment(repository('nothing.git'));
    const { status, error } = await call('POST', `/deployments/${id}/redeploy`);
    expect([status, error?.code]).toEqual([409, 'CONFLICT']);
    expect(error.message).toMatch(/could not be fetched\. Check repo_url and branch/);
  });
});

describe('a server', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await miosa.sandboxes.create();
  });
  afterAll(async () => {
    await sandbox?.destroy();
  });

  it('is built in a copy of the sandbox, and runs with its environment and what the sandbox has installed', async () => {
    const server = `
      const { greet } = require('greeter');
      require('node:http').createServer((request, response) =>
        response.end(JSON.stringify({ said: greet(), built: require('./built.json'), mode: process.env.MODE, node: process.env.NODE_ENV, url: request.url })),
      ).listen(process.env.PORT);`;
    const manifest = { scripts: { start: 'node server.js', build: 'node build.js' }, dependencies: { greeter: '1.0.0' } };
    await sandbox.files.writeMany([
      { path: 'server.js', content: server },
      {
        path: 'build.js',
        content: "require('fs').writeFileSync('built.json', JSON.stringify({ ci: process.env.CI, mode: process.env.MODE }))",
      },
      { path: 'package.json', content: JSON.stringify(manifest) },
      { path: 'package-lock.json', content: '{}' },
      { path: 'node_modules/greeter/index.js', content: "exports.greet = () => 'salve'" },
    ]);
    await sandbox.files.write('node_modules/.package-lock.json', '{}');
    const { id, public_url: url } = await deployment({ env: { MODE: 'clinic' } });
    const published = await call('POST', `/deployments/${id}/publish`, { source_sandbox_id: sandbox.id, wait_seconds: 100 });
    expect(published.status, `${published.text}\n${await lines(id)}`).toBe(201);
    expect(published.data.version).toMatchObject({ kind: 'dynamic', run_command: 'node server.js', port: 3000 });
    const answer = await request(`${url}/x`);
    expect(JSON.parse(answer.body)).toEqual({
      said: 'salve',
      built: { ci: '1', mode: 'clinic' },
      mode: 'clinic',
      node: 'production',
      url: '/x',
    });
    expect(await lines(id)).toContain('Not installed again: node_modules/.package-lock.json');
    expect(await sandbox.exec('ls built.json')).toMatchObject({ exitCode: 2 });
  }, 120_000);
});
