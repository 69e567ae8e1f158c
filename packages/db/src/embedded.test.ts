import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type EmbeddedPostgres, embeddedPostgres } from './embedded.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open.ts';

const root = process.getuid?.() === 0;
const user = root ? 'miosa' : userInfo().username;
let dir: string;
let server: EmbeddedPostgres;
let child: ChildProcess;

const start = async (): Promise<void> => {
  const { file, args, env } = server.command();
  child = spawn(file, args, { env, cwd: '/', stdio: 'ignore' });
  await vi.waitFor(() => migrate(server.url), { timeout: 20_000, interval: 50 });
};
const stop = async (signal: NodeJS.Signals): Promise<void> => {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'miosa-embedded-'));
  await chmod(dir, 0o755);
  const cacheDir = process.env.MIOSA_CACHE ?? (root ? '/var/cache/miosa' : join(homedir(), '.cache', 'miosa'));
  server = embeddedPostgres({ dataDir: join(dir, 'pg'), socketDir: join(dir, 's'), user, cacheDir });
  await server.initdb();
  await start();
});
afterAll(async () => {
  await stop('SIGINT');
  await rm(dir, { recursive: true });
});

it('has no TCP listener, and a socket folder for its own user only', async () => {
  const db = openDatabase(server.url);
  const { rows } = await sql`show listen_addresses`.execute(db.read);
  await db.close();
  expect(rows).toEqual([{ listen_addresses: '' }]);
  expect((await stat(join(dir, 's'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(dir, 'pg'))).mode & 0o777).toBe(0o700);
});

it('lets in nobody but the platform by the name the kernel gives', async () => {
  expect(await readFile(join(dir, 'pg', 'pg_hba.conf'), 'utf8')).toBe('local all all peer map=miosa\n');
  const stranger = openDatabase(server.url.replace(`//${user}@`, '//postgres@'));
  await expect(stranger.ping()).rejects.toThrow(/[Pp]eer authentication failed/);
  await stranger.close();
});

it('keeps committed rows over kill -9, and starts although its old pid now belongs to another process of its user', async () => {
  const db = openDatabase(server.url);
  await sql`create table kept as select 1 as n`.execute(db.read);
  await stop('SIGKILL');
  const lock = join(dir, 'pg', 'postmaster.pid');
  const other = root ? spawn('setpriv', [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', 'sleep', '60']) : spawn('sleep', ['60']);
  try {
    const [, ...rest] = (await readFile(lock, 'utf8')).split('\n');
    await writeFile(lock, [other.pid, ...rest].join('\n'));
    await start();
  } finally {
    other.kill();
  }
  // The pool re-connects by itself.
  await vi.waitFor(async () => expect((await sql`select n from kept`.execute(db.read)).rows).toEqual([{ n: 1 }]));
  await db.close();
});

it('makes the cluster once', async () => {
  const before = (await stat(join(dir, 'pg', 'PG_VERSION'))).ino;
  await Promise.all([server.initdb(), server.initdb()]);
  expect((await stat(join(dir, 'pg', 'PG_VERSION'))).ino).toBe(before);
});
