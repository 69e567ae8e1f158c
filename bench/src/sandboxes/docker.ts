import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Sample, sample } from '../stats.ts';

const DAEMON = '/usr/sbin/dockerd';

const run = (host: string, args: readonly string[], input?: Buffer): string => {
  const done = spawnSync('docker', ['-H', host, ...args], { maxBuffer: 1 << 28, ...(input ? { input } : {}) });
  if (done.status !== 0) throw new Error(`docker ${args[0]}: ${done.stderr}`);
  return done.stdout.toString().trim();
};

/**
 * `docker run` + first `docker exec`, and `docker exec` alone, on the root file system our sandboxes use. Network `none`: cheaper than the
 * network ours get, so the comparison favours Docker. Returns null, with the reason on stderr, where no daemon can be started.
 */
export const benchDocker = async (rootfs: string, count: number): Promise<readonly Sample[] | null> => {
  if (!existsSync(DAEMON)) {
    process.stderr.write('docker: skipped, no daemon installed (apt-get install docker.io)\n');
    return null;
  }
  const dir = mkdtempSync(join(tmpdir(), 'miosa-docker-'));
  const host = `unix://${dir}/d.sock`;
  const daemon = spawn(
    DAEMON,
    [
      '--data-root',
      `${dir}/data`,
      '--exec-root',
      `${dir}/exec`,
      '--pidfile',
      `${dir}/pid`,
      '--host',
      host,
      '--bridge',
      'none',
      '--iptables=false',
    ],
    { stdio: 'ignore' },
  );
  try {
    for (let tries = 0; spawnSync('docker', ['-H', host, 'info'], { stdio: 'ignore' }).status !== 0; tries++) {
      if (tries > 100 || daemon.exitCode !== null) {
        process.stderr.write('docker: skipped, the daemon did not start\n');
        return null;
      }
      await sleep(200);
    }
    const tar = spawn('tar', ['-C', rootfs, '-c', '.'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const load = spawn('docker', ['-H', host, 'import', '-', 'bench'], { stdio: [tar.stdout, 'ignore', 'inherit'] });
    await new Promise((resolve) => load.once('exit', resolve));

    const create = await sample(
      'docker run + docker exec',
      count,
      async () => {
        const id = run(host, ['run', '-d', '--network', 'none', 'bench', '/bin/sleep', '600']);
        run(host, ['exec', id, '/bin/true']);
      },
      1,
    );
    const ids = run(host, ['ps', '-q']).split('\n');
    const exec = await sample('docker exec', count, async () => run(host, ['exec', ids[0] ?? '', '/bin/true']), 1);
    run(host, ['rm', '-f', ...ids]);
    return [create, exec];
  } finally {
    daemon.kill('SIGTERM');
    await new Promise((resolve) => (daemon.exitCode === null ? daemon.once('exit', resolve) : resolve(null)));
    rmSync(dir, { recursive: true, force: true });
  }
};
