import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { embeddedPostgres } from '@miosa/db';

const CONTROL_PLANE = fileURLToPath(new URL('../../../apps/control-plane/src/main.ts', import.meta.url));
const UP_WITHIN_MS = 60_000;

export interface ControlPlaneProcess {
  readonly publicSocket: string;
  readonly internalSocket: string;
}

export interface Servers {
  readonly databaseUrl: string;
  readonly a: ControlPlaneProcess;
  readonly b: ControlPlaneProcess;
  stop(): Promise<void>;
}

interface Child {
  readonly said: () => string;
  readonly ended: () => boolean;
  stop(signal: NodeJS.Signals): Promise<void>;
}

const start = (file: string, args: readonly string[], env: Readonly<Record<string, string>>): Child => {
  const child = spawn(file, args, { env, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    said: () => said,
    ended: () => child.exitCode !== null || child.signalCode !== null,
    stop: async (signal) => {
      child.kill(signal);
      await exit;
    },
  };
};

const isHealthy = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    request({ socketPath, path: '/healthz' }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    })
      .once('error', () => resolve(false))
      .end();
  });

const writeKeys = (folder: string): void => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const files = {
    'preview.key': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'preview.pub': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'jwt.secret': randomBytes(64).toString('hex'),
    'seal.key': randomBytes(32).toString('hex'),
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
};

/** Postgres as the supervisor runs it, and two control planes on it, without edge and runner: what an API request meets behind the edge. */
export const startServers = async (): Promise<Servers> => {
  const folder = mkdtempSync('/var/tmp/miosa-bench-');
  chmodSync(folder, 0o755);
  const children: Child[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children.reverse()) if (!child.ended()) await child.stop('SIGINT');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const cacheDir = process.env.MIOSA_CACHE ?? '/var/cache/miosa';
    const postgres = embeddedPostgres({ dataDir: join(folder, 'pg'), socketDir: join(folder, 's'), cacheDir });
    await postgres.initdb();
    const { file, args, env } = postgres.command();
    children.push(start(file, args, env));
    writeKeys(join(folder, 'a', 'keys'));
    cpSync(join(folder, 'a', 'keys'), join(folder, 'b', 'keys'), { recursive: true });

    const controlPlane = async (name: string): Promise<ControlPlaneProcess> => {
      const data = join(folder, name);
      const sockets = { publicSocket: join(data, 'run', 'control.sock'), internalSocket: join(data, 'run', 'internal.sock') };
      mkdirSync(join(data, 'run'));
      const settings = { PATH: process.env.PATH ?? '', MIOSA_DATA: data, DATABASE_URL: postgres.url, MIOSA_LOG_LEVEL: 'silent' };
      const child = start(process.execPath, [CONTROL_PLANE], settings);
      children.push(child);
      for (const deadline = Date.now() + UP_WITHIN_MS; !(await isHealthy(sockets.publicSocket)); await sleep(50))
        if (child.ended() || Date.now() > deadline) throw new Error(`The control plane did not start. ${child.said()}`);
      return sockets;
    };
    return { databaseUrl: postgres.url, a: await controlPlane('a'), b: await controlPlane('b'), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
