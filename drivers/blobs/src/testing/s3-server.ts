import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { S3Options } from '../s3-client.ts';

const HERE = join(import.meta.dirname, 's3-server');
const REPOSITORY = join(import.meta.dirname, '../../../..');
const CACHE = process.env.MIOSA_CACHE ?? '/var/cache/miosa';

/** What the first start needs: the server is built once for each version of its lock file. */
export const S3_BUILD_MS = 400_000;

const program = async (): Promise<string> => {
  const hash = createHash('sha256').update(readFileSync(join(HERE, 'go.sum'))).digest('hex'); // biome-ignore format: one line
  const file = join(CACHE, 's3-server', hash.slice(0, 16), 'versitygw');
  if (!existsSync(file)) await promisify(execFile)('bash', [join(HERE, 'build.sh'), REPOSITORY, file], { timeout: S3_BUILD_MS });
  return file;
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });

export interface S3Server {
  readonly options: Required<Omit<S3Options, 'prefix'>>;
  /** The file that holds an object. */
  fileOf(object: string): string;
  /** As when its host fails. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Nothing is left behind. */
  close(): Promise<void>;
}

const BUCKET = 'contents';

/** A real S3 server with one empty bucket, on a port of this host; its objects are files of a folder of its own, `folder` unless it is left out. */
export const startS3 = async (folder?: string): Promise<S3Server> => {
  const file = await program();
  const root = folder ?? (await mkdtemp(join(tmpdir(), 'miosa-s3-')));
  await mkdir(join(root, BUCKET), { recursive: true });
  const address = `127.0.0.1:${await freePort()}`;
  const options = {
    ...{ endpoint: `http://${address}`, bucket: BUCKET, region: 'eu-test-1', forcePathStyle: true },
    ...{ accessKeyId: 'tester', secretAccessKey: randomBytes(20).toString('base64') },
  };
  const args = ['--port', address, '--region', options.region, '--quiet', '--health', '/health', '--keep-alive', 'posix', root];
  const env = { ROOT_ACCESS_KEY: options.accessKeyId, ROOT_SECRET_KEY: options.secretAccessKey };
  let child: ChildProcess | undefined;
  const isDead = (): boolean => child === undefined || child.exitCode !== null || child.signalCode !== null;

  const start = async (): Promise<void> => {
    // Ends with the tests, however they end.
    child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', file, ...args], { stdio: 'ignore', env: { PATH: process.env.PATH, ...env } });
    for (let tries = 0; tries < 1000; tries++) {
      if (isDead()) break;
      const isUp = await fetch(`${options.endpoint}/health`, { signal: AbortSignal.timeout(5000) }).then(
        (answer) => answer.ok,
        () => false,
      );
      if (isUp) return;
      await sleep(20);
    }
    throw new Error('the S3 server did not start');
  };
  const kill = async (): Promise<void> => {
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    if (isDead()) return;
    child?.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    options,
    fileOf: (object) => join(root, BUCKET, object),
    kill,
    start,
    close: async () => {
      await kill();
      await rm(root, { recursive: true, force: true });
    },
  };
};
