import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { PlatformContext } from './context.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const SUPERVISOR = join(REPOSITORY, 'apps', 'supervisor', 'src', 'main.ts');
const UP_WITHIN_MS = 90_000;
const DOWN_WITHIN_MS = 120_000;

export type ProcessName = 'supervisor' | 'postgres' | 'runner' | 'control-plane' | 'edge';

export interface StartOptions {
  readonly dataDir?: string;
  readonly httpPort?: number;
  readonly httpsPort?: number;
  readonly domain?: string;
  /** Added to the environment of the supervisor. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/** A real platform: the same supervisor that `./miosa up` runs, on a throw-away folder and free ports. */
export interface TestPlatform extends PlatformContext {
  /** Everything the supervisor has printed. */
  output(): string;
  /** Current process id; changes when the process was restarted. */
  pid(name: ProcessName): number;
  /** Ends a process as asked (default `SIGKILL`) and waits until it is gone. */
  kill(name: ProcessName, signal?: NodeJS.Signals): Promise<void>;
  /** Waits until the process runs again under another id than `before`. */
  restarted(name: ProcessName, before: number): Promise<void>;
  /** Starts the supervisor again on the same folder, after `kill('supervisor')` or `down()`. */
  up(): Promise<void>;
  /** Clean stop; the folder stays. */
  down(): Promise<void>;
  /** One command of the supervisor (`down`, `status`, `reset`) on the same folder, as the launcher gives it. */
  command(...args: readonly string[]): Promise<CommandResult>;
  /** Clean stop and removal of the folder; also when the supervisor was killed. Throws, and removes nothing, when something is still mounted there. */
  stop(): Promise<void>;
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });

const isAlive = (pid: number): boolean => {
  try {
    // A zombie still answers to signal 0.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

const until = async (what: string, condition: () => boolean, withinMs: number, detail: () => string = () => ''): Promise<void> => {
  for (const end = Date.now() + withinMs; Date.now() < end; ) {
    if (condition()) return;
    await sleep(20);
  }
  throw new Error(`${what} did not happen within ${withinMs / 1000} s. ${detail()}`);
};

export const mountsBelow = (folder: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${folder}/`));

const readJson = <T>(path: string): T | null => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
};

interface Credentials {
  readonly api_url: string;
  readonly api_key: string;
  readonly admin: { readonly email: string; readonly password: string };
}

export const startPlatform = async (options: StartOptions = {}): Promise<TestPlatform> => {
  const dataDir = options.dataDir ?? mkdtempSync('/var/tmp/miosa-test-');
  chmodSync(dataDir, 0o755);
  const domain = options.domain ?? 'miosa.localhost';
  const httpPort = options.httpPort ?? (await freePort());
  const httpsPort = options.httpsPort ?? (await freePort());
  let supervisor: ChildProcess | undefined;
  let output = '';

  const environment = {
    PATH: process.env.PATH,
    ...(process.env.MIOSA_CACHE === undefined ? {} : { MIOSA_CACHE: process.env.MIOSA_CACHE }),
    MIOSA_DATA: dataDir,
    MIOSA_DOMAIN: domain,
    MIOSA_HTTP_PORT: String(httpPort),
    MIOSA_HTTPS_PORT: String(httpsPort),
    ...options.env,
  };
  const command = (...args: readonly string[]): Promise<CommandResult> =>
    new Promise((resolve) => {
      execFile(process.execPath, [SUPERVISOR, ...args], { env: environment, timeout: DOWN_WITHIN_MS }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
      );
    });

  const up = async () => {
    let isUp = false;
    // TERM when the test run dies, however it dies: the supervisor then stops cleanly and nothing stays behind.
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', process.execPath, SUPERVISOR, 'up'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment,
    });
    supervisor = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        isUp ||= output.includes('MIOSA is up.');
      });
    }
    output = '';
    await until(
      'the start of the platform',
      () => isUp || child.exitCode !== null || child.signalCode !== null,
      UP_WITHIN_MS,
      () => output,
    );
    if (!isUp) throw new Error(`the platform did not start:\n${output}`);
  };

  const pid = (name: ProcessName): number => {
    if (name === 'supervisor') return supervisor?.pid ?? 0;
    return readJson<Record<string, number>>(join(dataDir, 'run', 'pids.json'))?.[name] ?? 0;
  };

  const kill = async (name: ProcessName, signal: NodeJS.Signals = 'SIGKILL') => {
    const target = pid(name);
    if (target === 0) throw new Error(`${name} is not running`);
    process.kill(target, signal);
    if (name === 'supervisor') supervisor = undefined;
    await until(`the end of ${name}`, () => !isAlive(target), 30_000);
  };

  const down = async () => {
    const child = supervisor;
    supervisor = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await until(
      'the stop of the platform',
      () => child.exitCode !== null || child.signalCode !== null,
      DOWN_WITHIN_MS,
      () => output,
    );
    if (child.exitCode !== 0) throw new Error(`the platform did not stop cleanly (${child.signalCode ?? child.exitCode}):\n${output}`);
  };

  const remove = async () => {
    if (!existsSync(dataDir)) return;
    // A supervisor that was killed has left its sandboxes to the next one, or to this.
    const answer = await command('down');
    const mounted = mountsBelow(dataDir);
    // Never through a mount: what is below may be somebody's checkout.
    if (mounted.length > 0)
      throw new Error(`${dataDir} stays, since these are still mounted: ${mounted.join(', ')}\n${answer.output}\n${output}`);
    rmSync(dataDir, { recursive: true, force: true });
  };

  try {
    await up();
  } catch (error) {
    await down().catch(() => {}); // the first error tells more
    if (options.dataDir === undefined) await remove();
    throw error;
  }
  const credentials = readJson<Credentials>(join(dataDir, 'credentials.json'));
  if (credentials === null) throw new Error(`no credentials.json in ${dataDir}`);
  return {
    apiUrl: credentials.api_url,
    apiKey: credentials.api_key,
    email: credentials.admin.email,
    password: credentials.admin.password,
    ca: join(dataDir, 'tls', 'ca.pem'),
    domain,
    httpPort,
    httpsPort,
    dataDir,
    output: () => output,
    pid,
    kill,
    restarted: (name, before) =>
      until(
        `the restart of ${name}`,
        () => pid(name) !== before && pid(name) !== 0 && isAlive(pid(name)),
        30_000,
        () => output,
      ),
    up,
    down,
    command,
    stop: async () => {
      try {
        await down();
      } finally {
        await remove();
      }
    },
  };
};
