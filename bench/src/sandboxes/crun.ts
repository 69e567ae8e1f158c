import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { percentile, type Sample } from '../stats.ts';

const measure = (rootfs: string, count: number): readonly number[] => {
  // crun 1.8.1 refuses hybrid cgroups while the v2 mount is visible; this process has a mount namespace of its own.
  spawnSync('umount', ['/sys/fs/cgroup/unified']);
  const bundle = mkdtempSync(join(tmpdir(), 'miosa-crun-'));
  try {
    spawnSync('crun', ['spec'], { cwd: bundle });
    const spec = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
    spec.process.terminal = false;
    spec.process.args = ['/bin/true'];
    spec.root = { path: rootfs, readonly: true };
    delete spec.linux.resources;
    spec.linux.namespaces = spec.linux.namespaces.filter((namespace: { type: string }) => namespace.type !== 'cgroup');
    spec.mounts = spec.mounts.filter((mount: { type: string }) => mount.type !== 'cgroup');
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
    return Array.from({ length: count }, (_, index) => {
      const started = performance.now();
      const done = spawnSync('crun', ['--cgroup-manager=disabled', 'run', `bench-${process.pid}-${index}`], { cwd: bundle });
      if (done.status !== 0) throw new Error(`crun: ${done.stderr}`);
      return performance.now() - started;
    });
  } finally {
    rmSync(bundle, { recursive: true, force: true });
  }
};

/** The floor: a bare `crun run /bin/true` on the same root file system, with no user namespace, network, limits or overlay. */
export const benchCrun = (rootfs: string, count: number): Sample => {
  const child = spawnSync('unshare', ['--mount', process.execPath, fileURLToPath(import.meta.url), rootfs, String(count)]);
  if (child.status !== 0) throw new Error(`bare crun: ${child.stderr}`);
  return { name: 'bare crun run', ms: JSON.parse(child.stdout.toString()) };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , rootfs = '', count = '0'] = process.argv;
  const ms = measure(rootfs, Number(count));
  if (Number.isNaN(percentile(ms, 50))) throw new Error('nothing measured');
  process.stdout.write(JSON.stringify(ms));
}
