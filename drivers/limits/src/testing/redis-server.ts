import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BINARY = ['redis-server', 'valkey-server'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** Why no real server can be started here, or null. */
export const NO_REDIS = BINARY === undefined ? 'neither redis-server nor valkey-server is installed (apt-get install redis-server)' : null;

export interface RedisServer {
  readonly url: string;
  /** Stops the server and leaves its socket's folder, so that it can be started again. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Nothing is left behind. */
  close(): Promise<void>;
}

const exited = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });

/** A real server of the distribution, empty, on a unix socket in a folder of its own; without a TCP port. `shared`: for processes of other users too. */
export const startRedis = async ({ shared = false } = {}): Promise<RedisServer> => {
  if (BINARY === undefined) throw new Error(NO_REDIS ?? '');
  const folder = await mkdtemp(join(tmpdir(), 'miosa-redis-'));
  if (shared) await chmod(folder, 0o755);
  const socket = join(folder, 'redis.sock');
  const args = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  if (shared) args.push('--unixsocketperm', '777');

  const start = async (): Promise<ChildProcess> => {
    await rm(socket, { force: true });
    const child = spawn(BINARY, args, { stdio: 'ignore' });
    for (let tries = 0; !existsSync(socket); tries++) {
      if (tries > 500 || child.exitCode !== null) throw new Error(`${BINARY} did not start`);
      await sleep(10);
    }
    return child;
  };

  let child = await start();
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited(child);
  };
  return {
    url: `unix://${socket}`,
    kill,
    restart: async () => {
      await kill();
      child = await start();
    },
    close: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Waits until `ask` no longer rejects: clients connect in the background. */
export const connected = async (ask: () => Promise<unknown>): Promise<void> => {
  for (let tries = 0; ; tries++) {
    try {
      await ask();
      return;
    } catch (error) {
      if (tries > 500) throw error;
      await sleep(10);
    }
  }
};
