import type { Miosa, Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, unique } from '../harness/context.ts';
import { operations, recording } from '../harness/recording.ts';

/**
 * Drives every operation of sandboxes through the public SDK. Operation id = SDK call (contract 5.1), so what was called is known by name, and the
 * last test fails with the names of those that nobody called: an operation that is new must be driven here.
 */

/** Second forms of what has a call of its own (contract, section 7). */
const ALIASES = new Set(['sandboxes.files.create', 'sandboxes.files.get']);
/** Driven with the deployments. */
const ELSEWHERE = new Set(['sandboxes.deploy']);
const OF_SANDBOXES = /^(sandboxes|templates|bulk|events)\./;

const called = new Set<string>();
const miosa: Miosa = recording(client(), called);
const { sandboxes } = miosa;
const text = new TextDecoder();
const owner = { externalWorkspaceId: unique('surface') };

let sandbox: Sandbox;
let id: string;
beforeAll(async () => {
  sandbox = await sandboxes.create({ ...owner, name: 'surface', tags: ['surface'], env: { GIVEN: 'yes' }, metadata: { plan: 'pro' } });
  id = sandbox.id;
});
afterAll(async () => {
  await sandboxes.destroy(id);
});

const first = async <T>(items: AsyncIterable<T>): Promise<T> => {
  for await (const item of items) return item;
  throw new Error('there is none');
};

it('create, run, list, get, update, extend, readiness, usage, metrics', async () => {
  const ran = await sandboxes.run({ ...owner, command: 'echo ran', keep: false });
  expect(ran.result).toMatchObject({ stdout: 'ran\n', exitCode: 0 });
  expect((await sandboxes.list(owner).all()).map((one) => one.id)).toEqual([id]);
  const updated = await sandboxes.update(id, { name: 'renamed', tags: ['surface', 'two'], timeoutSec: 7200 });
  expect(await sandboxes.get(id)).toMatchObject({ name: 'renamed', tags: ['surface', 'two'], metadata: { plan: 'pro' } });
  const extended = await sandboxes.extend(id, { timeoutSec: 9000 });
  expect(Date.parse(extended.expiresAt ?? '')).toBeGreaterThan(Date.parse(updated.expiresAt ?? ''));
  expect(await sandboxes.readiness(id, { waitSeconds: 5 })).toMatchObject({ ready: true, state: 'running' });
  expect(await sandboxes.usage(id)).toMatchObject({ sandboxId: id, state: 'running', measurementStatus: { activeCpu: 'measured' } });
  expect((await sandboxes.metrics(id, { window: '5m' })).window).toBe('5m');
  expect((await sandboxes.getOrCreate('renamed', owner)).id).toBe(id);
});

it('exec, exec.stream, commands.run and processes', async () => {
  expect(await sandboxes.exec(id, ['cat'], { stdin: 'in' })).toMatchObject({ stdout: 'in', exitCode: 0 });
  const types: string[] = [];
  for await (const { type } of sandboxes.exec.stream(id, 'echo out; echo err >&2; exit 3')) types.push(type);
  expect([types[0], types.at(-1), types.length]).toEqual(['started', 'exit', 4]);
  const heard: string[] = [];
  const ended = await sandboxes.commands.run(id, 'printf one; printf two', { onStdout: (part) => heard.push(part) });
  expect([heard.join(''), ended.exitCode]).toEqual(['onetwo', 0]);

  const { id: cat } = await sandboxes.processes.start(id, ['cat'], { name: 'cat' });
  await sandboxes.processes.stdin(id, cat, { data: 'typed\n' });
  await expect.poll(async () => (await sandboxes.processes.logs(id, cat)).stdout).toBe('typed\n');
  expect(await first(sandboxes.processes.stream(id, cat, { offset: 0 }))).toMatchObject({ type: 'started' });
  await sandboxes.processes.signal(id, cat, { signal: 'TERM' });
  await expect.poll(async () => (await sandboxes.processes.get(id, cat)).state).toBe('exited');
  expect((await sandboxes.processes.get(id, cat)).signal).toBe('TERM');
  expect((await sandboxes.processes.list(id).all()).map((one) => one.id)).toContain(cat);
  await sandboxes.processes.delete(id, cat);
  expect((await sandboxes.processes.list(id).all()).map((one) => one.id)).not.toContain(cat);
});

it('env', async () => {
  await sandboxes.env.set(id, {
    vars: [
      { key: 'SHOWN', value: 'a', encrypted: false },
      { key: 'HIDDEN', value: 'b' },
    ],
  });
  const listed = await sandboxes.env.list(id).all();
  expect(listed.map(({ key, value }) => [key, value])).toEqual([
    ['GIVEN', null],
    ['HIDDEN', null],
    ['SHOWN', 'a'],
  ]);
  expect((await sandboxes.exec(id, 'echo $GIVEN $SHOWN $HIDDEN')).stdout).toBe('yes a b\n');
  await sandboxes.env.delete(id, 'HIDDEN');
  expect((await sandboxes.exec(id, 'echo $HIDDEN')).stdout).toBe('\n');
});

it('files', async () => {
  const watch = sandboxes.files.watch(id, 'src');
  await expect(watch.ready).rejects.toMatchObject({ status: 404 });
  await sandboxes.files.mkdir(id, 'src');
  const watching = sandboxes.files.watch(id, 'src');
  await watching.ready;
  await sandboxes.files.write(id, 'src/a.txt', 'alpha');
  expect(await first(watching)).toMatchObject({ type: 'created', path: '/workspace/src/a.txt' });
  watching.close();
  const written = await sandboxes.files.writeMany(id, [
    { path: 'src/b.txt', content: 'beta' },
    { path: 'src/.c', content: 'c' },
  ]);
  expect(written).toMatchObject({ written: [{ path: 'src/b.txt' }, { path: 'src/.c' }], failed: [] });
  expect(text.decode(await sandboxes.files.read(id, 'src/a.txt'))).toBe('alpha');
  await sandboxes.files.copy(id, { from: 'src', to: 'copy' });
  await sandboxes.files.rename(id, { from: 'copy/a.txt', to: 'copy/z.txt' });
  await sandboxes.files.chmod(id, { path: 'copy/z.txt', mode: '0600' });
  expect(await sandboxes.files.stat(id, 'copy/z.txt')).toMatchObject({ type: 'file', mode: '0600', sizeBytes: 5 });
  expect((await sandboxes.files.list(id, 'copy').all()).map(({ name }) => name)).toEqual(['.c', 'b.txt', 'z.txt']);
  expect((await sandboxes.files.tree(id, 'src')).children?.map(({ name }) => name)).toEqual(['a.txt', 'b.txt']);
  const archive = new Uint8Array(await new Response(await sandboxes.files.archive.get(id, 'src')).arrayBuffer());
  expect(await sandboxes.files.archive.set(id, archive, 'unpacked')).toMatchObject({ files: 3 });
  await sandboxes.files.delete(id, 'unpacked', { recursive: true });
  await expect(sandboxes.files.stat(id, 'unpacked')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('terminal and tunnel', async () => {
  let shown = '';
  const terminal = await sandboxes.terminal.open(id, {
    onData: (bytes) => {
      shown += text.decode(bytes);
    },
  });
  terminal.write('echo $((40 + 2))\n');
  await expect.poll(() => shown).toMatch(/42\r\n/);
  expect((await sandboxes.terminal.list(id).all()).map((one) => one.id)).toEqual([terminal.id]);
  const second = await sandboxes.terminal.connect(id, terminal.id);
  second.close();
  await sandboxes.terminal.delete(id, terminal.id);
  await terminal.ended;

  await sandboxes.processes.start(id, ['python3', '-m', 'http.server', '8000', '--bind', '127.0.0.1', '--directory', '/workspace/src']);
  await expect.poll(async () => (await sandboxes.ports.list(id).all()).map(({ port }) => port)).toContain(8000);
  const tunnel = await sandboxes.tunnel(id, 8000);
  const writer = tunnel.writable.getWriter();
  await writer.write(new TextEncoder().encode('GET /a.txt HTTP/1.0\r\n\r\n'));
  expect(await new Response(tunnel.readable).text()).toMatch(/^HTTP\/1\.0 200 OK.*alpha$/s);
});

it('ports, previews, tokens and shares', async () => {
  const preview = await sandboxes.expose(id, 8000, { visibility: 'public' });
  expect((await sandboxes.previews.list(id).all()).map((one) => one.id)).toEqual([preview.id]);
  expect((await sandboxes.previews.update(id, preview.id, { visibility: 'private' })).visibility).toBe('private');
  expect(await sandboxes.previews.get(id, preview.id)).toMatchObject({ port: 8000, visibility: 'private', url: preview.url });
  expect(await sandboxes.previewToken(id, { port: 8000 })).toMatchObject({ token: expect.stringMatching(/^mp_/), sandboxId: id });
  const share = await sandboxes.shares.create(id, { port: 8000 });
  expect((await sandboxes.shares.list(id).all()).map((one) => one.id)).toEqual([share.id]);
  await sandboxes.shares.revoke(id, share.id);
  await sandboxes.previews.delete(id, preview.id);
  expect(await sandboxes.previews.list(id).all()).toEqual([]);
});

it('network policy', async () => {
  const policy = { defaultEffect: 'deny' as const, rules: [{ effect: 'allow' as const, destination: 'api.example.com', ports: [443] }] };
  await sandboxes.networkPolicy.set(id, policy);
  expect(await sandboxes.networkPolicy.get(id)).toMatchObject(policy);
  await sandboxes.exec(id, 'python3 -c "import socket; socket.gethostbyname(\'example.org\')"');
  await expect
    .poll(async () => (await sandboxes.networkPolicy.blocked(id).all()).map(({ destination }) => destination))
    .toContain('example.org');
  await sandboxes.networkPolicy.delete(id);
  expect(await sandboxes.networkPolicy.get(id)).toMatchObject({ defaultEffect: 'allow', rules: [] });
});

it('pause, resume, snapshots, fork, restore', async () => {
  expect((await sandboxes.pause(id)).state).toBe('paused');
  expect((await sandboxes.resume(id)).state).toBe('running');
  const snapshot = await sandboxes.snapshots.create(id, { comment: 'before' });
  expect(await sandboxes.snapshots.get(id, snapshot.id)).toMatchObject({ state: 'ready', comment: 'before' });
  expect((await sandboxes.snapshots.list(id).all()).map((one) => one.id)).toEqual([snapshot.id]);
  await sandboxes.files.write(id, 'src/a.txt', 'changed');
  const fork = await sandboxes.fork(id, { name: 'forked' });
  const restored = await sandboxes.restore(id, snapshot.id);
  expect(text.decode(await sandboxes.files.read(fork.id, 'src/a.txt'))).toBe('changed');
  expect(text.decode(await sandboxes.files.read(restored.id, 'src/a.txt'))).toBe('alpha');
  expect([fork.bootPath, restored.bootPath]).toEqual(['fork', 'snapshot']);
  await sandboxes.snapshots.delete(id, snapshot.id);
  expect(await sandboxes.snapshots.list(id).all()).toEqual([]);
});

it('logs, events and operations on many', async () => {
  await sandboxes.processes.start(id, 'echo logged', { name: 'say' });
  await expect.poll(async () => (await sandboxes.logs(id).all()).map(({ line }) => line)).toContain('logged');
  expect(await first(sandboxes.logs.stream(id))).toMatchObject({ line: expect.any(String) });
  const [created] = (await miosa.events.list({ types: 'sandbox.created', limit: 50 }).all()).filter(({ resource }) => resource.id === id);
  expect(created).toMatchObject({ resource: { type: 'sandbox', id } });
  expect(await first(sandboxes.events(id, { lastEventId: created?.id }))).toMatchObject({ type: 'sandbox.running' });
  expect(await first(miosa.events.stream({ types: ['sandbox.*'], lastEventId: created?.id }))).toMatchObject({ type: expect.any(String) });

  const done = async ({ id: operation }: { readonly id: string }): Promise<unknown> => {
    await expect.poll(async () => (await miosa.bulk.get(operation)).state, { timeout: 20_000 }).toBe('done');
    return miosa.bulk.get(operation);
  };
  expect(await done(await miosa.bulk.sandboxes.pause({ ids: [id] }))).toMatchObject({ completed: 1, failed: 0 });
  expect((await sandboxes.get(id)).state).toBe('paused');
  expect(await done(await miosa.bulk.sandboxes.resume({ ids: [id] }))).toMatchObject({ completed: 1, failed: 0 });
  const others = (await sandboxes.list(owner).all()).map((one) => one.id).filter((one) => one !== id);
  expect(await done(await miosa.bulk.sandboxes.destroy({ ids: others }))).toMatchObject({ completed: 2, failed: 0 });
});

it('templates', async () => {
  const { templates } = miosa;
  expect((await templates.buildSpec()).title).toBe('BuildSpec');
  expect(await templates.validate({ buildSpec: { from: 'miosa-sandbox', run: 'no list' } })).toMatchObject({ valid: false });
  const buildSpec = {
    from: 'miosa-sandbox',
    files: [{ path: 'seed.txt', content: 'seed' }],
    run: ['wc -c seed.txt', 'touch /tmp/scratch'],
  };
  const made = await templates.create({ ...owner, name: unique('tpl'), buildSpec });
  const [build] = await templates.builds.list(made.id).all();
  const lines: string[] = [];
  for await (const { line } of templates.builds.logs.stream(made.id, build?.id ?? '')) lines.push(line);
  expect(lines).toEqual(expect.arrayContaining(['File /workspace/seed.txt', '4 seed.txt']));
  expect(await templates.builds.get(made.id, build?.id ?? '')).toMatchObject({ state: 'ready', error: null });
  expect((await templates.builds.logs(made.id, build?.id ?? '').all()).length).toBe(lines.length);
  expect((await templates.update(made.id, { description: 'seeded' })).description).toBe('seeded');
  const one = await sandboxes.create({ ...owner, templateId: made.slug });
  expect((await sandboxes.exec(one.id, 'cat seed.txt; ls -A /tmp /.miosa/processes | grep -c scratch')).stdout).toBe('seed0\n');
  await sandboxes.destroy(one.id);
  await templates.builds.create(made.id);
  await expect.poll(async () => (await templates.builds.list(made.id).all())[0]?.state, { timeout: 20_000 }).toBe('ready');
  expect((await templates.list().all()).map(({ id }) => id)).toEqual(expect.arrayContaining(['miosa-sandbox', made.id]));
  await templates.delete(made.id);
  await expect(templates.get(made.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('destroys, and says so afterwards', async () => {
  const gone = await sandboxes.create(owner);
  await sandboxes.destroy(gone.id);
  expect(await sandboxes.get(gone.id)).toMatchObject({ state: 'destroyed', endedReason: 'user' });
  await expect(sandboxes.exec(gone.id, 'true')).rejects.toMatchObject({ code: 'GONE' });
});

it('has driven every operation there is', () => {
  const meant = operations().filter((name) => OF_SANDBOXES.test(name) && !ALIASES.has(name) && !ELSEWHERE.has(name));
  expect(meant.length).toBeGreaterThan(70);
  expect(meant.filter((name) => !called.has(name))).toEqual([]);
});
