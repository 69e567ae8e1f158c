import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, statfsSync } from 'node:fs';
import type { SystemUser } from '@miosa/db';
import { type Layout, type Options, SetupError } from '../options.ts';

const own = (path: string, mode: number, uid: number, gid: number) => {
  mkdirSync(path, { recursive: true });
  chownSync(path, uid, gid);
  chmodSync(path, mode);
};

/** Owners and modes are set at every start, so a folder that was copied or restored from a backup is right again. */
export const makeFolders = ({ data }: Options, layout: Layout, user: SystemUser): void => {
  own(data, 0o755, 0, 0);
  // Sticky: the services make their sockets here and cannot replace the runner's.
  own(layout.run, 0o1770, 0, user.gid);
  own(layout.agentSockets, 0o750, 0, user.gid);
  own(layout.postgresSockets, 0o700, user.uid, user.gid);
  own(layout.app, 0o755, 0, 0);
  own(layout.keys, 0o700, user.uid, user.gid);
  own(layout.tls, 0o755, 0, 0);
  own(layout.issuedCertificates, 0o700, user.uid, user.gid);
  // What the edge remembers; how machines are reached is in it.
  own(layout.edge, 0o700, user.uid, user.gid);
  own(layout.runner, 0o700, 0, 0);
  own(layout.blobs, 0o750, user.uid, user.gid);
  own(layout.blobCache, 0o750, user.uid, user.gid);
  own(layout.scratch, 0o700, user.uid, user.gid);
  // Invites and links for new passwords lie in it.
  own(layout.outbox, 0o700, user.uid, user.gid);
  own(layout.logs, 0o750, 0, user.gid);
};

const MIN_FREE_GIB = 2;

export const checkDisk = ({ data }: Options): void => {
  const { bavail, bsize } = statfsSync(data);
  const freeGiB = (bavail * bsize) / 2 ** 30;
  if (freeGiB < MIN_FREE_GIB) {
    throw new SetupError(
      `only ${freeGiB.toFixed(1)} GiB are free below ${data}, and the platform needs ${MIN_FREE_GIB}. Free some space or choose another disk with --data.`,
    );
  }
};

/** Folders above a path may be closed to others (`/root`): then the services could not reach their own files. */
export const checkReachable = (paths: readonly string[], user: SystemUser): void => {
  for (const path of paths.filter((candidate) => existsSync(candidate))) {
    const probe = spawnSync('setpriv', [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--', 'test', '-r', path], {
      stdio: 'ignore',
    });
    if (probe.status !== 0) {
      throw new SetupError(
        `the system user 'miosa' cannot reach ${path}, because a folder above it is closed to others. Choose another place with --data or --cache, or open it (chmod o+x).`,
      );
    }
  }
};
