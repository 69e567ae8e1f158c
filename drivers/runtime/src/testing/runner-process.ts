import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, chownSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOciRuntime } from '../oci.ts';
import { agentRequest } from './agent-request.ts';

const CACHE = process.env.MIOSA_CACHE ?? '/var/cache/miosa';
const REPOSITORY = join(import.meta.dirname, '../../../..');
const AGENT = process.env.MIOSA_AGENT_BIN ?? join(CACHE, 'agent/current/agent');
const LAUNCH = process.env.MIOSA_LAUNCH_BIN ?? join(CACHE, 'agent/current/launch');

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Why the runner cannot be tested on this machine; empty when it can. */
export const requirements = (): string[] => {
  const missing: string[] = [];
  if (process.getuid?.() !== 0) missing.push('root');
  if (!isExecutable(AGENT)) missing.push(`the agent (${AGENT})`);
  if (!isExecutable(LAUNCH)) missing.push(`the launch helper (${LAUNCH})`);
  if (!existsSync(join(CACHE, 'templates/miosa-sandbox/current/rootfs'))) missing.push('the template miosa-sandbox');
  return missing;
};

export interface RunnerProcess {
  readonly dataDir: string;
  readonly runtime: ReturnType<typeof createOciRuntime>;
  readonly pid: () => number;
  /** SIGKILL, then a new runner on the same data. */
  killAndRestart(): Promise<void>;
  /** SIGTERM, then a new runner on the same data. */
  restart(): Promise<void>;
  /** Clean stop; the data folder stays. */
  shutdown(): Promise<void>;
  /** Clean stop and removal of the data folder. */
  close(): Promise<void>;
}

const started = async (dataDir: string, env: Readonly<Record<string, string>>): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [join(REPOSITORY, 'apps/runner/src/main.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      PATH: process.env.PATH,
      MIOSA_DATA: dataDir,
      MIOSA_CACHE: CACHE,
      MIOSA_AGENT_BIN: AGENT,
      MIOSA_LAUNCH_BIN: LAUNCH,
      MIOSA_GROUP: 'root',
      MIOSA_LOG_LEVEL: process.env.MIOSA_LOG_LEVEL ?? 'error',
      MIOSA_RUNNER_DISK_GIB: '8',
      MIOSA_RUNNER_SLOTS: '8',
      // What a test finds on the host is then its own; tests of the pool switch it on.
      MIOSA_WARM_POOL: '0',
      ...env,
    },
  });
  const runtime = createOciRuntime({ socketPath: join(dataDir, 'run/runner.sock') });
  for (let attempt = 0; ; attempt++) {
    try {
      await runtime.capabilities();
      runtime.close();
      return child;
    } catch (error) {
      if (child.exitCode !== null || attempt === 400) {
        child.kill('SIGKILL');
        throw new Error('the runner did not start', { cause: error });
      }
      await sleep(50);
    }
  }
};

const ended = async (child: ChildProcess, signal?: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  if (signal !== undefined) child.kill(signal);
  await gone;
};

/** A real runner on a data folder of its own, beside whatever else runs on this host. */
export const launchRunner = async (parent = '/var/tmp', env: Readonly<Record<string, string>> = {}): Promise<RunnerProcess> => {
  const dataDir = mkdtempSync(join(parent, 'miosa-runner-'));
  mkdirSync(join(dataDir, 'run'), { mode: 0o750 });
  chownSync(join(dataDir, 'run'), 0, 0);
  let child = await started(dataDir, env).catch((error: unknown) => {
    rmSync(dataDir, { recursive: true, force: true });
    throw error;
  });
  const runtime = createOciRuntime({ socketPath: join(dataDir, 'run/runner.sock') });
  const again = async (signal: NodeJS.Signals): Promise<void> => {
    await ended(child, signal);
    child = await started(dataDir, env);
  };
  const shutdown = async (): Promise<void> => {
    const { status } = await agentRequest({ socketPath: join(dataDir, 'run/runner.sock') }, 'POST', '/shutdown', { mode: 'stop' }, 60_000);
    if (status !== 200) throw new Error(`shutdown answered ${status}`);
    await ended(child);
  };
  return {
    dataDir,
    runtime,
    pid: () => child.pid ?? 0,
    killAndRestart: () => again('SIGKILL'),
    restart: () => again('SIGTERM'),
    shutdown,
    close: async () => {
      runtime.close();
      await shutdown();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
