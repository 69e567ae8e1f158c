import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedPostgres } from './embedded.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open.ts';
import { TEMPLATE, TEST_SERVER_VARIABLE } from './testing.ts';

const waitUntilReady = async (url: string, dead: () => boolean, log: () => string): Promise<void> => {
  const db = openDatabase(url);
  try {
    for (let tries = 0; tries < 400; tries++) {
      if (dead()) break;
      const up = await db.ping().then(
        () => true,
        (error: { code?: string }) => error.code === '3D000', // answers, but has no such database yet
      );
      if (up) return;
      await sleep(25);
    }
  } finally {
    await db.close();
  }
  throw new Error(`The test database did not start: ${log()}`);
};

const FOLDER = /^miosa-test-pg-(\d+)-/;

/** A run that was killed could not clean up. Its Postgres ended with it (parent-death signal); its folder is removed by the next run. */
const sweep = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
};

/** vitest global set-up: one throwaway Postgres with a migrated template for the whole run; the returned function removes it. */
export const setup = async (): Promise<() => Promise<void>> => {
  const root = process.getuid?.() === 0;
  await sweep();
  const dir = await mkdtemp(join(tmpdir(), `miosa-test-pg-${process.pid}-`));
  await chmod(dir, 0o755);
  const server = embeddedPostgres({
    dataDir: join(dir, 'data'),
    socketDir: join(dir, 's'),
    user: root ? 'miosa' : userInfo().username,
    cacheDir: process.env.MIOSA_CACHE ?? (root ? '/var/cache/miosa' : join(homedir(), '.cache', 'miosa')),
    database: TEMPLATE,
    throwaway: true,
  });
  let stop: () => Promise<void> = async () => {};
  try {
    await server.initdb();
    const command = server.command();
    const child = spawn(command.file, command.args, { env: command.env, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = once(child, 'exit');
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
    stop = async () => {
      child.kill('SIGINT');
      await exited;
    };
    await waitUntilReady(
      server.url,
      () => child.exitCode !== null,
      () => said,
    );
    await migrate(server.url);
    process.env[TEST_SERVER_VARIABLE] = server.url;
  } catch (error) {
    await stop();
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
  return async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  };
};
