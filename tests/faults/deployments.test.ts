import { execFileSync } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Deployment, MiosaError, type Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broken, startBreakable } from './fixture.ts';
import { filesOf, SERVER, seeOf, siteOf, startVisitor } from './published.ts';

/** What goes wrong with a publish, with what is published and below it: what was live serves on, and the reason is said. */

let broken: Broken;
let sandbox: Sandbox;
let site: Deployment;
let app: Deployment;

const PORT = 8080;
/** How often the edge writes down what it knows, and a little. */
const REMEMBERED_MS = 11_000;
const see = (deployment: Deployment, path = '/') => seeOf(broken.platform, deployment, path);
const sees = (deployment: Deployment, text: string, path = '/'): Promise<void> =>
  expect.poll(async () => (await see(deployment, path)).body, { timeout: 40_000, interval: 50 }).toBe(text);

/** The app of the sandbox, told what to answer and what is to be wrong with it. */
const publishApp = (id: string, text: string, wrong = '') =>
  broken.miosa.deployments.publish(id, {
    sourceSandboxId: sandbox.id,
    kind: 'dynamic',
    runCommand: `node server.js ${text} ${wrong}`,
    port: PORT,
  });
const create = (name: string, more: object = {}) => broken.miosa.deployments.create({ name, externalWorkspaceId: 'clinic', ...more });
const refusalOf = (call: Promise<unknown>): Promise<MiosaError> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => (error instanceof MiosaError ? error : Promise.reject(error)),
  );

beforeAll(async () => {
  broken = await startBreakable({ env: { MIOSA_CONTROL_PLANE_DEPLOYMENTS: '{"drain_sec":1,"health_grace_sec":5}' } });
  const { miosa } = broken;
  sandbox = await miosa.sandboxes.create({ externalWorkspaceId: 'clinic' });
  await sandbox.files.write('server.js', SERVER);
  [site, app] = await Promise.all([create('site', { sourceType: 'upload' }), create('app')]);
  await miosa.deployments.versions.upload(site.id, siteOf('one'));
  await publishApp(app.id, 'one');
});
afterAll(async () => {
  await broken?.platform.stop();
});

it('is live before anything goes wrong', async () => {
  await sees(site, '<h1>one</h1>');
  await sees(app, 'one');
});

describe('a publish that cannot succeed says why, and what was live serves throughout', () => {
  it('a build that fails', async () => {
    const visitor = startVisitor(broken.platform, site);
    const refused = await refusalOf(
      broken.once.deployments.versions.upload(site.id, siteOf('never'), { buildCommand: 'echo no such module: left-pad >&2; exit 3' }),
    );
    expect([refused.code, refused.message]).toEqual(['CONFLICT', expect.stringContaining('no such module: left-pad')]);
    expect(refused.message).toContain('exit code 3');
    expect(await visitor.stop()).toEqual(['<h1>one</h1>']);
    expect((await broken.miosa.deployments.get(site.id)).state).toBe('running');
  });

  it.each([
    ['crash', 'exit code 7'],
    ['sick', '500'],
    ['idle', `port ${PORT}`],
  ])('an app that does not come up: %s', async (wrong, reason) => {
    const { deployments } = broken.once;
    const before = await deployments.get(app.id);
    const visitor = startVisitor(broken.platform, app);
    const refused = await refusalOf(publishApp(app.id, 'never', wrong));
    expect(refused.message).toContain(reason);
    if (wrong === 'crash') expect(refused.message).toContain('no such database');
    expect(await visitor.stop()).toEqual(['one']);
    const [version] = await deployments.versions.list(app.id).all();
    expect(version).toMatchObject({ state: 'failed', stateReason: expect.stringContaining(reason) });
    expect(await deployments.get(app.id)).toMatchObject({ state: 'running', activeVersionId: before.activeVersionId });
    const living = (await deployments.runtimeInstances.list(app.id).all()).filter(({ state }) => !['stopped', 'failed'].includes(state));
    expect(living.map(({ versionId }) => versionId)).toEqual([before.activeVersionId]);
  });
});

describe('several at once', () => {
  it('publishes run in turn and the newest is live; nobody ever sees an older one again', async () => {
    const { deployments } = broken.miosa;
    const made = await create('turns', { sourceType: 'upload' });
    await deployments.versions.upload(made.id, siteOf('v1'));
    await sees(made, '<h1>v1</h1>');
    const visitor = startVisitor(broken.platform, made);
    const results = await Promise.all(
      Array.from({ length: 8 }, async (_, at) => {
        const { version } = await deployments.versions.upload(made.id, siteOf(`publish ${at}`));
        return { number: version.versionNumber, text: `<h1>publish ${at}</h1>` };
      }),
    );
    const inOrder = results.toSorted((a, b) => a.number - b.number);
    expect(inOrder.map(({ number }) => number)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    await sees(made, inOrder.at(-1)?.text ?? '');
    const order = ['<h1>v1</h1>', ...inOrder.map(({ text }) => text)];
    const seen = (await visitor.stop()).map((text) => order.indexOf(text));
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen).not.toContain(-1);
    const builds = (await deployments.builds.list(made.id).all()).toReversed();
    for (const [at, build] of builds.entries()) {
      const before = builds[at - 1];
      if (before !== undefined) expect(Date.parse(build.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(before.finishedAt ?? ''));
    }
  });

  it('publishes during rollbacks leave exactly the version live that the deployment names', async () => {
    const { deployments } = broken.miosa;
    const made = await create('back and forth', { sourceType: 'upload' });
    const texts = new Map<string, string>();
    const put = async (title: string) => {
      const { version } = await deployments.versions.upload(made.id, siteOf(title));
      texts.set(version.id, `<h1>${title}</h1>`);
      return version;
    };
    const first = await put('first');
    await put('second');
    await sees(made, '<h1>second</h1>');
    const visitor = startVisitor(broken.platform, made);
    for (let round = 0; round < 6; round++) {
      await Promise.all([put(`round ${round}`), deployments.rollback(made.id, { versionId: first.id })]);
      const { activeVersionId } = await deployments.get(made.id);
      await sees(made, texts.get(activeVersionId ?? '') ?? '');
    }
    const whole = [...texts.values()];
    expect((await visitor.stop()).filter((text) => !whole.includes(text))).toEqual([]);
  });
});

describe('an app that breaks while it is live', () => {
  it('instances that run out of memory or end again and again are replaced; the others serve, and the reason is shown', async () => {
    const { deployments } = broken.miosa;
    const made = await create('breaking', { replicas: 2 });
    await publishApp(made.id, 'well');
    await sees(made, 'well');
    const instances = () => deployments.runtimeInstances.list(made.id).all();
    await expect.poll(async () => (await instances()).filter(({ state }) => state === 'healthy').length, { timeout: 30_000 }).toBe(2);
    const visitor = startVisitor(broken.platform, made);
    await see(made, '/eat').catch(() => undefined);
    await expect.poll(async () => (await instances()).some(({ restarts }) => restarts > 0), { timeout: 40_000 }).toBe(true);
    expect(await visitor.stop()).toEqual(['well']);
    await expect.poll(async () => (await instances()).filter(({ state }) => state === 'healthy').length, { timeout: 40_000 }).toBe(2);
  });
});

describe('the store of contents', () => {
  const folder = () => join(broken.platform.dataDir, 'blobs');
  const refusedPublish = (title: string, bytes = 10) =>
    refusalOf(
      broken.once.deployments.versions.upload(site.id, [...siteOf(title), ...filesOf({ 'big.bin': title.repeat(bytes / title.length) })]),
    );

  it('is away: publishers are told so, what is in the memory of the edge is served, and it heals by itself', async () => {
    await sees(site, '<h1>one</h1>');
    const visitor = startVisitor(broken.platform, site);
    const { mode } = statSync(folder());
    chmodSync(folder(), 0);
    try {
      const refused = await refusedPublish('away');
      expect([refused.status, refused.code]).toEqual([503, 'UNAVAILABLE']);
      expect((await see(site, '/same.txt')).status).toBe(503);
    } finally {
      chmodSync(folder(), mode & 0o7777);
    }
    expect(await visitor.stop()).toEqual(['<h1>one</h1>']);
    await sees(site, 'always the same', '/same.txt');
    await broken.miosa.deployments.versions.upload(site.id, siteOf('two'));
    await sees(site, '<h1>two</h1>');
  });

  it('is full: publishers are told so, what is live serves on, and with space again publishing goes on', async () => {
    const { uid, gid, mode } = statSync(folder());
    const owner = `uid=${uid},gid=${gid},mode=${(mode & 0o7777).toString(8)}`;
    const visitor = startVisitor(broken.platform, site);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=1M,${owner}`, 'tmpfs', folder()]);
    try {
      const refused = await refusedPublish('full', 3 * 2 ** 20);
      expect([refused.status, refused.code]).toEqual([507, 'STORAGE_FULL']);
    } finally {
      execFileSync('umount', [folder()]);
    }
    expect(await visitor.stop()).toEqual(['<h1>two</h1>']);
    await broken.miosa.deployments.versions.upload(site.id, siteOf('three'));
    await sees(site, '<h1>three</h1>');
  });
});

describe('the platform below', () => {
  it('static and dynamic deployments are served while control plane and database are down', async () => {
    const { platform } = broken;
    await Promise.all([sees(site, '<h1>three</h1>'), sees(app, 'one')]);
    process.kill(platform.pid('supervisor'), 'SIGSTOP'); // stopped, it does not start again what is killed
    try {
      await platform.kill('control-plane');
      await platform.kill('postgres');
      for (let visit = 0; visit < 50; visit++) {
        expect(await see(site)).toEqual({ status: 200, body: '<h1>three</h1>' });
        expect(await see(app)).toEqual({ status: 200, body: 'one' });
      }
      expect((await see(site, '/same.txt')).body).toBe('always the same');
    } finally {
      process.kill(platform.pid('supervisor'), 'SIGCONT');
    }
    await expect.poll(async () => (await broken.miosa.deployments.get(site.id)).state, { timeout: 40_000 }).toBe('running');
    await broken.miosa.deployments.versions.upload(site.id, siteOf('four'));
    await sees(site, '<h1>four</h1>');
  });

  it('an edge that is started again meanwhile serves what the one before it knew', async () => {
    const { platform } = broken;
    await Promise.all([sees(site, '<h1>four</h1>'), sees(app, 'one')]);
    const edge = platform.pid('edge');
    await sleep(REMEMBERED_MS);
    const down = (['postgres', 'control-plane'] as const).map(platform.pid);
    for (const pid of down) process.kill(pid, 'SIGSTOP');
    try {
      await platform.kill('edge');
      await platform.restarted('edge', edge);
      await sees(site, '<h1>four</h1>');
      await sees(app, 'one');
    } finally {
      for (const pid of down) process.kill(pid, 'SIGCONT');
    }
    await broken.miosa.deployments.versions.upload(site.id, siteOf('after'));
    await sees(site, '<h1>after</h1>');
  });

  it('a publish whose notification is lost is shown all the same', async () => {
    const { platform, miosa } = broken;
    const sql = (text: string) =>
      execFileSync('psql', ['-qAt', '-U', 'miosa', '-h', join(platform.dataDir, 'run', 'pg'), '-d', 'miosa', '-c', text]);
    sql('alter table deployments disable trigger user');
    try {
      await miosa.deployments.versions.upload(site.id, siteOf('five'));
      await sees(site, '<h1>five</h1>');
    } finally {
      sql('alter table deployments enable trigger user');
    }
  });
});
