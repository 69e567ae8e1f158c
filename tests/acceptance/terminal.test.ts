import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Sandbox, Terminal, TerminalOptions } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';

const miosa = client();
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await miosa.sandboxes.create({});
});
afterAll(async () => {
  await sandbox?.destroy();
});

interface View {
  readonly terminal: Terminal;
  readonly text: () => string;
  readonly resets: () => number;
  until(what: string | RegExp): Promise<void>;
}

const open = async (options: TerminalOptions = {}, of: Sandbox = sandbox): Promise<View> => {
  let text = '';
  let resets = 0;
  const decoder = new TextDecoder();
  const terminal = await of.terminal.open({
    ...options,
    onData: (bytes) => {
      text += decoder.decode(bytes, { stream: true });
    },
    onReset: () => {
      resets += 1;
      text = '';
    },
  });
  const until = (what: string | RegExp): Promise<void> => expect.poll(() => text, { timeout: 10_000, interval: 5 }).toMatch(what);
  return { terminal, text: () => text, resets: () => resets, until };
};

it('is a terminal to the programs in it: size, colours, user, folder', async () => {
  const { terminal, until } = await open({ cols: 91, rows: 37, env: { MARK: 'here' } });
  terminal.write('stty size; tty; echo "$TERM $MARK $(id -un) $PWD"\n');
  await until(/37 91\r\n\/dev\/pts\/\d+\r\nxterm-256color here sandbox \/workspace\r\n/);
  terminal.resize(120, 40);
  terminal.write('stty size\n');
  await until('40 120');
  terminal.write('exit 7\n');
  expect(await terminal.ended).toEqual({ exitCode: 7, signal: null });
});

it('shows two viewers the same, and gives who comes back what was on the screen', async () => {
  const first = await open();
  first.terminal.write('echo be$((1))fore\n');
  await first.until('be1fore');
  const second = await open({ id: first.terminal.id });
  await second.until('be1fore');
  second.terminal.write('echo bo$((2))th\n');
  await Promise.all([first.until('bo2th'), second.until('bo2th')]);
  first.terminal.close();
  second.terminal.close();
  expect(await first.terminal.ended).toBeNull();
  const listed = await sandbox.terminal.list().all();
  expect(listed.map(({ id }) => id)).toContain(first.terminal.id);
  const third = await open({ id: first.terminal.id });
  await third.until('bo2th');
  await sandbox.terminal.delete(first.terminal.id);
  await third.terminal.ended;
  expect((await sandbox.terminal.list().all()).map(({ id }) => id)).not.toContain(first.terminal.id);
});

it('hands Ctrl-C to what runs, and survives a flood that is cut short', async () => {
  const { terminal, until, text } = await open();
  terminal.write('yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n');
  await expect.poll(() => text().length, { timeout: 10_000, interval: 5 }).toBeGreaterThan(2_000_000);
  terminal.write('\x03');
  terminal.write('echo al$((1))ive\n');
  await until('al1ive');
  await sandbox.terminal.delete(terminal.id);
});

it('ends with the key that opened it', async () => {
  const key = await miosa.apiKeys.create({ name: 'terminal', keyType: 'live', scopes: ['sandboxes:write'] });
  const theirs = await client({ apiKey: key.key }).sandboxes.get(sandbox.id);
  const { terminal } = await open({}, theirs);
  const startedMs = performance.now();
  await miosa.apiKeys.revoke(key.id);
  await expect(terminal.ended).rejects.toMatchObject({ status: 401 });
  console.log(`cut ${Math.round(performance.now() - startedMs)} ms after the revocation was asked for`);
  await sandbox.terminal.delete(terminal.id);
});

it('is for those who may write: not for readers, nor for other organizations’ ids', async () => {
  const reader = await miosa.apiKeys.create({ name: 'reader', keyType: 'live', scopes: ['sandboxes:read'] });
  const theirs = await client({ apiKey: reader.key }).sandboxes.get(sandbox.id);
  await expect(theirs.terminal.open()).rejects.toMatchObject({ status: 403 });
  await expect(theirs.terminal.list().all()).rejects.toMatchObject({ status: 403 });
  await expect(sandbox.terminal.open({ id: 'trm_00000000000000000000000000' })).rejects.toMatchObject({ status: 404 });
});

it('opens to a browser token with the permission, within its boundary', async () => {
  const { token } = await miosa.browserTokens.create({ sandboxId: sandbox.id, permissions: ['terminal:open', 'sandbox:read'] });
  const { terminal, until } = await open({}, await client({ accessToken: token }).sandboxes.get(sandbox.id));
  terminal.write('echo br$((1))owser\n');
  await until('br1owser');
  await sandbox.terminal.delete(terminal.id);
});

it('wakes a paused sandbox, tells open connections of a pause, and of the end', async () => {
  await using other = await miosa.sandboxes.create({});
  const { terminal } = await open({}, other);
  await other.pause();
  await expect(terminal.ended).rejects.toMatchObject({ code: 'SANDBOX_NOT_RUNNING' });
  const again = await open({}, other);
  expect((await other.refresh()).state).toBe('running');
  await other.destroy();
  await expect(again.terminal.ended).rejects.toMatchObject({ status: 410 });
});

it('tunnels to a port inside: whole bodies both ways, and an error where nothing listens', async () => {
  await expect(sandbox.tunnel(9)).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  await sandbox.processes.start(['python3', '-m', 'http.server', '8099', '--bind', '127.0.0.1']);
  await sandbox.files.write('big.bin', 'x'.repeat(3_000_000));
  await expect
    .poll(
      () =>
        sandbox.tunnel(8099).then(
          (tunnel) => {
            tunnel.close();
            return true;
          },
          () => false,
        ),
      { timeout: 10_000, interval: 50 },
    )
    .toBe(true);
  const { readable, writable } = await sandbox.tunnel(8099);
  const local = createServer(
    (socket) => void pipeline(socket, Duplex.fromWeb({ readable, writable } as never), socket).catch(() => {}),
  ).listen(0, '127.0.0.1');
  await once(local, 'listening');
  const { port } = local.address() as { port: number };
  const visitor = createConnection(port, '127.0.0.1');
  visitor.write('GET /big.bin HTTP/1.0\r\n\r\n');
  let bytes = 0;
  for await (const chunk of visitor) bytes += (chunk as Buffer).length;
  expect(bytes).toBeGreaterThan(3_000_000);
  local.close();
});

it('echoes keystrokes soon; the figure is for people to judge', async () => {
  const { terminal } = await sandbox.terminal
    .open({ shell: '/bin/sh' })
    .then(async (made) => ({ terminal: made, ready: await new Promise((resolve) => setTimeout(resolve, 300)) }));
  terminal.close();
  let heard = (): void => {};
  const echoing = await sandbox.terminal.open({ id: terminal.id, onData: () => heard() });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const times: number[] = [];
  for (let i = 0; i < 300; i++) {
    const startedMs = performance.now();
    const echoed = new Promise<void>((resolve) => {
      heard = resolve;
    });
    echoing.write('a');
    await echoed;
    times.push(performance.now() - startedMs);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(2);
  console.log(`keystroke echo through the edge (TLS): p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`);
  await sandbox.terminal.delete(terminal.id);
});

it('leaves no ticket in any log', async () => {
  const { wsUrl } = await sandbox.terminal.create({});
  const ticket = new URL(wsUrl).searchParams.get('ticket') ?? '';
  expect(ticket).toMatch(/^sset_/);
  const [made] = await sandbox.terminal.list().all();
  await sandbox.terminal.connect(made?.id ?? '').then((terminal) => terminal.close());
  const folder = join(platform().dataDir, 'logs');
  const names = await readdir(folder);
  expect(names.length).toBeGreaterThan(2);
  for (const name of names) expect([name, readFileSync(join(folder, name), 'utf8').match(/sset_[A-Za-z0-9_-]{6}/)]).toEqual([name, null]);
});
