import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const OWN = { workspace_slug: 'dr-smith-clinic', project_slug: 'site' };

const source = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const { id } = await world.create(OWN);
  await world.write(id, files);
  return id;
};

let count = 0;
const deployment = async (body: object = {}): Promise<string> => {
  count += 1;
  const answer = await world.call('POST', '/deployments', { name: `Site ${count}`, ...OWN, ...body });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.data.id;
};

const publish = (id: string, sandboxId: string, body: object = {}) =>
  world.call('POST', `/deployments/${id}/publish`, { source_sandbox_id: sandboxId, ...body });

const newest = async (id: string) => (await world.call('GET', `/deployments/${id}/builds`)).body.data[0];
const lines = async (id: string): Promise<{ line: string; step: string; stream: string }[]> =>
  (await world.call('GET', `/deployments/${id}/builds/${(await newest(id)).id}/logs`)).body.data;
const texts = async (id: string): Promise<string[]> => (await lines(id)).map(({ line }) => line);
const machines = async (): Promise<string[]> =>
  (
    await world.core.db.read
      .selectFrom('sandboxes')
      .select('id')
      .where('purpose', 'is not', null)
      .where('state', '<>', 'destroyed')
      .execute()
  ).map(({ id }) => id);

const NODE_SITE = {
  'package.json': JSON.stringify({ scripts: { build: 'ignored' } }),
  'page.txt': '<h1>built</h1>',
};
const COPY = 'mkdir -p dist && cp page.txt dist/index.html && echo made it';

describe('a publish', () => {
  test('of plain files builds nothing and starts no machine', async () => {
    const id = await deployment();
    const before = world.host.calls.length;
    const answer = await publish(id, await source({ 'index.html': '<h1>hello</h1>' }));
    expect([answer.status, answer.body.data.version.kind, answer.body.data.promoted]).toEqual([201, 'static', true]);
    expect(world.host.calls.slice(before).filter((call) => call.startsWith('snapshot'))).toEqual([]);
    expect(await texts(id)).toEqual(['Static site: files, and nothing that serves them', 'Done']);
  });

  test('builds a copy of the sandbox’s files, and publishes the folder the build made', async () => {
    const id = await deployment({ build_command: COPY });
    const sandboxId = await source(NODE_SITE);
    const answer = await publish(id, sandboxId);
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body.data.version).toMatchObject({ kind: 'static', artifact_manifest: { files: 1, entrypoint: 'index.html' } });
    expect(answer.body.data.version.source_sha256).toMatch(/^[0-9a-f]{64}$/);
    const said = await lines(id);
    expect(said).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ step: 'build', stream: 'system', line: `$ ${COPY}` }),
        expect.objectContaining({ step: 'build', stream: 'stdout', line: 'made it' }),
        expect.objectContaining({ step: 'release', line: 'Publishing /workspace/dist' }),
      ]),
    );
    // The sandbox is as it was, and nothing of the build is left.
    const listed = await world.call('GET', `/sandboxes/${sandboxId}/files?path=/workspace`);
    expect(listed.text).not.toContain('"dist"');
    expect(await machines()).toEqual([]);
  });

  test('whose build fails says which step, how, and what it said last; what was live stays live', async () => {
    const id = await deployment();
    const sandboxId = await source(NODE_SITE);
    const first = await publish(id, sandboxId, { build_command: COPY });
    const answer = await publish(id, sandboxId, { build_command: 'echo the reason >&2; exit 7' });
    expect([answer.status, answer.body.error.code]).toEqual([409, 'CONFLICT']);
    expect(answer.body.error.message).toBe('Step "build" ended with exit code 7.\nthe reason');
    expect(await newest(id)).toMatchObject({ state: 'failed', error: answer.body.error.message });
    expect((await world.call('GET', `/deployments/${id}`)).body.data).toMatchObject({
      state: 'running',
      active_version_id: first.body.data.version.id,
    });
    expect(await texts(id)).toEqual(expect.arrayContaining(['the reason', 'Step "build" ended with exit code 7.']));
    expect(await machines()).toEqual([]);
  });

  test('whose build was killed for want of memory says so, and what to do', async () => {
    const id = await deployment();
    const answer = await publish(id, await source(NODE_SITE), { build_command: 'kill -KILL $$' });
    expect(answer.body.error).toMatchObject({
      message: expect.stringContaining('Step "build" ran out of memory (8192 MiB); choose a larger size'),
    });
  });

  test('that finds nothing to publish says what to set', async () => {
    const id = await deployment();
    const answer = await publish(id, await source({ 'README.md': '' }));
    expect([answer.status, answer.body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
    expect(answer.body.error.message).toMatch(/Set run_command and port/);
  });

  test('of a server freezes the machine that built it, with the hash of its files', async () => {
    const id = await deployment();
    const sandboxId = await source({
      'server.js': 'require("http").createServer(() => {}).listen(4100)',
      'package.json': '{"main":"server.js"}',
    });
    const publishOnce = async () => {
      const answer = await publish(id, sandboxId, { promote: false });
      expect(answer.status, answer.text).toBe(201);
      return answer.body.data;
    };
    const { version, release } = await publishOnce();
    expect(version).toMatchObject({ kind: 'dynamic', run_command: 'node server.js', port: 4100, state: 'ready' });
    expect(release).toMatchObject({ kind: 'rootfs', sha256: version.artifact_sha256 });
    const again = await publishOnce();
    expect(again.release.sha256).toBe(release.sha256);
    await world.write(sandboxId, { 'other.js': '' });
    expect((await publishOnce()).release.sha256).not.toBe(release.sha256);
    expect(await machines()).toEqual([]);
  });
});

describe('other sources', () => {
  test('uploaded files are built in a fresh machine', async () => {
    const id = await deployment();
    const contents = new Map(
      Object.entries(NODE_SITE).map(([path, text]) => [path, { text, sha256: createHash('sha256').update(text).digest('hex') }]),
    );
    const files = [...contents].map(([path, { text, sha256 }]) => ({ path, sha256, size_bytes: Buffer.byteLength(text), mode: '0755' }));
    const upload = (await world.call('POST', `/deployments/${id}/uploads`, { files })).body.data;
    for (const { text, sha256 } of contents.values())
      await world.call('PUT', `/deployments/${id}/uploads/${upload.id}/blobs/${sha256}`, Buffer.from(text));
    const answer = await world.call('POST', `/deployments/${id}/versions`, { upload_id: upload.id, build_command: COPY });
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body.data.version).toMatchObject({ kind: 'static', artifact_manifest: { files: 1 } });
    expect(await texts(id)).toEqual(expect.arrayContaining(['Writing 2 files', 'made it', 'Publishing /workspace/dist']));
    expect(await machines()).toEqual([]);
  });

  test('a snapshot is built as its sandbox was then', async () => {
    const id = await deployment({ build_command: COPY });
    const sandboxId = await source(NODE_SITE);
    const snapshot = (await world.call('POST', `/sandboxes/${sandboxId}/snapshots`, {})).body.data;
    await world.call('DELETE', `/sandboxes/${sandboxId}/files/content?path=page.txt`);
    const answer = await world.call('POST', `/deployments/${id}/publish`, { source_snapshot_id: snapshot.id });
    expect([answer.status, answer.body.data?.promoted], answer.text).toEqual([201, true]);
    expect(await machines()).toEqual([]);
  });
});

describe('the environment', () => {
  test('is there at build time, and its values stand in no line of the log and no error', async () => {
    const id = await deployment({ env: { API_TOKEN: 'sk-hush-hush-1234', STAGE: 'web' } });
    const command = `${COPY} && echo "$API_TOKEN $STAGE" | tee dist/env.txt && echo "$API_TOKEN" >&2 && false`;
    const answer = await publish(id, await source(NODE_SITE), { build_command: command });
    expect(answer.body.error.message).toMatch(/\[API_TOKEN\]/);
    const said = (await texts(id)).join('\n');
    expect(said).toContain('[API_TOKEN] web');
    expect(said + answer.text + JSON.stringify(await newest(id))).not.toContain('hush');
  });

  test('of a build has CI, and not the token of the repository', async () => {
    const id = await deployment({ env: { GIT_TOKEN: 'ghp_very-secret' } });
    const answer = await publish(id, await source(NODE_SITE), { build_command: 'echo "ci=$CI token=$GIT_TOKEN."; false' });
    expect(answer.body.error.message).toContain('ci=1 token=.');
  });
});

describe('dependencies that the sandbox has installed', () => {
  const LEFT = { version: '1.0.0', integrity: 'sha512-x' };
  const lock = (packages: object) => JSON.stringify({ packages: { '': { dependencies: { left: '1' } }, ...packages } });
  const files = { ...NODE_SITE, 'package.json': JSON.stringify({ dependencies: { left: '1' } }) };
  const MARKER = 'node_modules/.package-lock.json';

  /** What was said of the installation; `old`: as from an archive, which is written in any order. */
  const said = async (wanted: object, there: object, old: boolean): Promise<string> => {
    // No way to a registry: an installation fails at once.
    const env = { npm_config_registry: 'http://localhost:1', npm_config_fetch_retries: '0' };
    const id = await deployment({ build_command: COPY, env });
    const sandboxId = await source({ [MARKER]: JSON.stringify({ packages: there }), ...files, 'package-lock.json': lock(wanted) });
    const ahead = old ? '2001-01-01' : '2100-01-01';
    await world.call('POST', `/sandboxes/${sandboxId}/exec`, { command: ['touch', '-d', ahead, MARKER] });
    // No way to a registry: an installation fails at once.
    await world.call('PUT', `/deployments/${id}/env`, {
      vars: { npm_config_registry: 'http://localhost:1', npm_config_fetch_retries: '0' },
    });
    await publish(id, sandboxId);
    return (await lines(id)).filter(({ step }) => step === 'install')[0]?.line ?? '';
  };

  test('are not installed again when the mark of the installation is as new as what it was made of', async () => {
    expect(await said({ 'node_modules/left': LEFT }, {}, false)).toBe(
      `Not installed again: ${MARKER} is as new as package.json and package-lock.json`,
    );
  });

  test('nor when it holds what the lockfile asks for, but for packages of other systems', async () => {
    const wanted = { 'node_modules/left': LEFT, 'node_modules/for-mac': { version: '2.0.0', optional: true } };
    expect(await said(wanted, { 'node_modules/left': LEFT }, true)).toBe(
      `Not installed again: ${MARKER} holds what package-lock.json asks for`,
    );
  });

  test('are installed again when one is missing or another', async () => {
    expect(await said({ 'node_modules/left': LEFT }, {}, true)).toMatch(/^\$ npm ci/);
    expect(await said({ 'node_modules/left': LEFT }, { 'node_modules/left': { ...LEFT, version: '0.9.0' } }, true)).toMatch(/^\$ npm ci/);
  });
});

describe('builds', () => {
  test('are listed and got, and those of another deployment or organization are not there', async () => {
    const [id, other] = [await deployment({ build_command: COPY }), await deployment()];
    await publish(id, await source(NODE_SITE));
    const build = await newest(id);
    expect(build).toMatchObject({ state: 'ready', deployment_id: id, error: null, duration_ms: expect.any(Number) });
    expect((await world.call('GET', `/deployments/${id}/builds/${build.id}`)).body.data).toEqual(build);
    const stranger = { as: world.actor({ tenantId: await world.tenant('Elsewhere') }) };
    for (const rest of ['', '/logs', '/logs/stream']) {
      expect((await world.call('GET', `/deployments/${other}/builds/${build.id}${rest}`)).status).toBe(404);
      expect((await world.call('GET', `/deployments/${id}/builds/${build.id}${rest}`, undefined, stranger)).status).toBe(404);
    }
    expect((await world.call('POST', `/deployments/${id}/builds/${build.id}/cancel`, undefined, stranger)).status).toBe(404);
  });

  test('tell their lines as they come, and go on where a reader left', async () => {
    const id = await deployment({ build_command: `${COPY}; seq 1 30` });
    await publish(id, await source(NODE_SITE));
    const { id: buildId } = await newest(id);
    const read = async (headers: Record<string, string> = {}): Promise<string> =>
      (await world.call('GET', `/deployments/${id}/builds/${buildId}/logs/stream`, undefined, { headers })).text;
    const all = await read();
    expect(all).toMatch(/"step":"build".*"line":"30"|"line":"30".*"step":"build"/);
    expect(all).toMatch(/event: end\n(.*\n)*data: .*"state":"ready"/);
    const ids = [...all.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => seq);
    expect((await read({ 'last-event-id': ids.at(-3) ?? '' })).match(/event: log/g)).toHaveLength(2);
  });

  test('that wait are cancelled at once, those that run too, and those that are over are not', async () => {
    const id = await deployment();
    const sandboxId = await source(NODE_SITE);
    const running = (await publish(id, sandboxId, { build_command: 'echo begun; sleep 60', wait: false })).body.data.build.id;
    await expect.poll(() => texts(id), { timeout: 10_000 }).toContain('begun');
    const queued = (await publish(id, sandboxId, { build_command: COPY, wait: false })).body.data.build.id;
    for (const build of [queued, running]) {
      const answer = await world.call('POST', `/deployments/${id}/builds/${build}/cancel`);
      expect([answer.status, answer.body.data?.state]).toEqual([200, 'cancelled']);
    }
    await world.settle();
    expect(await machines()).toEqual([]);
    const again = await world.call('POST', `/deployments/${id}/builds/${running}/cancel`);
    expect([again.status, again.body.error.code]).toEqual([409, 'CONFLICT']);
    const { body } = await world.call('GET', `/deployments/${id}/versions`);
    expect(body.data.map(({ state, state_reason }: { state: string; state_reason: string }) => [state, state_reason])).toEqual([
      ['failed', 'The build was cancelled.'],
      ['failed', 'The build was cancelled.'],
    ]);
    expect((await publish(id, sandboxId, { build_command: COPY })).status).toBe(201);
  });
});
