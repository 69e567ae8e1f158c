import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Log } from '@miosa/kernel';
import type { DeploymentRoute } from './deployment-types.ts';
import type { Deployments } from './deployments.ts';

/** Grows when the shape of a route does; files of another format are not read. */
const FORMAT = 1;
/** How old the file may be when the edge is killed. */
const WRITE_MS = 10_000;

/** Routes as an earlier edge knew them; none when there is no file or it cannot be read. It is written by us and lies in a folder of ours. */
export const readSnapshot = async (path: string, log: Log): Promise<DeploymentRoute[]> => {
  try {
    const { format, routes } = JSON.parse(await readFile(path, 'utf8')) as { format: number; routes: DeploymentRoute[] };
    return format === FORMAT && Array.isArray(routes) ? routes : [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log.warn({ error }, 'remembered routes cannot be read; the database will tell');
    return [];
  }
};

export interface SnapshotWriter {
  /** Writes now what changed since the last time. Never rejects. */
  write(): Promise<void>;
  close(): void;
}

/** Keeps known routes on disk, so that an edge that starts while the database is down serves what the one before it served. */
export const createSnapshotWriter = (path: string, deployments: Deployments, log: Log): SnapshotWriter => {
  let written = deployments.revision;
  let writing: Promise<void> | null = null;

  const save = async (): Promise<void> => {
    const { revision } = deployments;
    if (revision === written) return;
    try {
      // It holds how machines are reached.
      await writeFile(`${path}.new`, JSON.stringify({ format: FORMAT, routes: deployments.routes() }), { mode: 0o600 });
      await rename(`${path}.new`, path);
      written = revision;
    } catch (error) {
      log.warn({ error }, 'routes cannot be remembered on disk');
    }
  };
  const write = (): Promise<void> => {
    writing ??= save().finally(() => {
      writing = null;
    });
    return writing;
  };
  const timer = setInterval(() => void write(), WRITE_MS);
  timer.unref();
  return { write, close: () => clearInterval(timer) };
};
