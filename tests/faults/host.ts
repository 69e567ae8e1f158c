import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { mountsBelow } from '../harness/platform.ts';

/** What the runner names its links, cgroups and tables by; others on the machine are none of our business. */
const instanceOf = (dataDir: string): string => createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 6);

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

const linesOf = (command: string, ...args: readonly string[]): string[] =>
  (spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '').split('\n').filter((line) => line !== '');

/** The control groups of a platform: `<hierarchy>/miosa-<instance>`, on every cgroup version. */
const controlGroups = (dataDir: string): string[] => {
  const name = `miosa-${instanceOf(dataDir)}`;
  const root = '/sys/fs/cgroup';
  return [root, ...readdirSync(root).map((hierarchy) => join(root, hierarchy))]
    .map((hierarchy) => join(hierarchy, name))
    .filter((path) => existsSync(path));
};

interface Machine {
  readonly id: string;
  /** Of its control groups. */
  readonly name: string;
}

/** A sandbox whose machine was booted ahead has the control groups of that machine. */
const machinesOf = (dataDir: string): Machine[] => {
  const folder = join(dataDir, 'runner/sandboxes');
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const text = read(join(folder, file));
      if (text === '') return []; // gone meanwhile
      const { spec, machine } = JSON.parse(text) as { spec: { id: string }; machine?: string };
      return [{ id: spec.id, name: machine ?? spec.id }];
    });
};

/** Of these, the ones whose processes stand still. */
export const frozenOnHost = (dataDir: string): string[] => {
  const isFrozen = (path: string): boolean =>
    /^FROZEN/m.test(read(join(path, 'freezer.state'))) || /^frozen 1$/m.test(read(join(path, 'cgroup.events')));
  return machinesOf(dataDir)
    .filter(({ name }) => controlGroups(dataDir).some((path) => isFrozen(join(path, name))))
    .map(({ id }) => id);
};

/** Ids of the platform's sandboxes that have something on this host: a control group. Machines that wait for one to come are none. */
export const sandboxesOnHost = (dataDir: string): string[] => {
  const ids = controlGroups(dataDir).flatMap((path) =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name),
  );
  const idOf = new Map(machinesOf(dataDir).map(({ id, name }) => [name, id]));
  const names = [...new Set(ids)].map((name) => idOf.get(name) ?? name);
  return names.filter((name) => !name.startsWith('spare_')).sort();
};

/** Host process ids of a sandbox. */
export const processesOf = (dataDir: string, sandboxId: string): number[] => {
  const name = machinesOf(dataDir).find(({ id }) => id === sandboxId)?.name ?? sandboxId;
  const lists = controlGroups(dataDir).map((path) => read(join(path, name, 'cgroup.procs')));
  return [...new Set(lists.flatMap((list) => list.split('\n')).filter((pid) => Number(pid) > 0))].map(Number);
};

/** The agent: process 1 of the sandbox's own process namespace. */
export const agentOf = (dataDir: string, sandboxId: string): number => {
  const agent = processesOf(dataDir, sandboxId).find((pid) => /^NSpid:.*\s1$/m.test(read(`/proc/${pid}/status`)));
  if (agent === undefined) throw new Error(`${sandboxId} has no agent on this host`);
  return agent;
};

/** Processes that were started on this data folder: by their command line or environment. */
const processesOn = (dataDir: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => `${read(`/proc/${pid}/cmdline`)}\0${read(`/proc/${pid}/environ`)}`.includes(dataDir))
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);

const links = (dataDir: string): string[] => readdirSync('/sys/class/net').filter((name) => name.startsWith(`mi${instanceOf(dataDir)}-`));

const namesIn = (path: string): string[] => (existsSync(path) ? readdirSync(path).sort() : []);

/** Lines of one thing, counted: two of the same are not one. */
const counted = (lines: readonly string[]): string[] =>
  [...Map.groupBy(lines, (line) => line)].map(([line, all]) => `${all.length} × ${line}`).sort();

/**
 * What the platform has on this host while it runs, by kind: the same before and after, where the same sandboxes are there. Links that are kept
 * ready count with those in use: one is made for each that is taken.
 */
export const residue = (dataDir: string): Readonly<Record<string, readonly string[]>> => ({
  process: counted(processesOn(dataDir).map((line) => line.replace(/^\d+ /, ''))),
  mount: mountsBelow(dataDir).sort(),
  'control group': sandboxesOnHost(dataDir),
  link: [`${links(dataDir).length}`],
  'firewall rule': counted(
    linesOf('nft', '--stateless', 'list', 'table', 'inet', `miosa_${instanceOf(dataDir)}`)
      .filter((line) => !/elements|\d+\.\d+\.\d+\.\d+/.test(line))
      .map((line) => line.replace(/0x[0-9a-f]+|\bp\d+\w*/g, '…')),
  ),
  volume: namesIn(join(dataDir, 'runner', 'disk')),
  record: [...namesIn(join(dataDir, 'runner', 'sandboxes')), ...namesIn(join(dataDir, 'runner', 'snapshots'))],
  'metrics or names of no sandbox': ['metrics', 'names']
    .flatMap((folder) => namesIn(join(dataDir, 'runner', folder)).map((name) => join(folder, name)))
    .filter((path) => !existsSync(join(dataDir, 'runner', 'sandboxes', `${basename(path).split('.')[0]}.json`))),
  socket: namesIn(join(dataDir, 'run', 's')),
});

/** Quota groups in the disk image. Those of volumes that are gone are swept many at a time. */
export const quotaGroups = (dataDir: string): number =>
  linesOf('btrfs', 'qgroup', 'show', '--raw', join(dataDir, 'runner', 'disk')).filter((line) => line.startsWith('0/')).length;

/** Everything on this host that is the platform's, but for the files in its folder: empty after a clean stop. */
export const traces = (dataDir: string): string[] => {
  const instance = instanceOf(dataDir);
  return [
    ...processesOn(dataDir).map((line) => `process ${line}`),
    ...mountsBelow(dataDir).map((path) => `mount ${path}`),
    ...controlGroups(dataDir).map((path) => `cgroup ${path}`),
    ...links(dataDir).map((name) => `link ${name}`),
    ...linesOf('nft', 'list', 'tables').filter((line) => line.includes(instance)),
    ...linesOf('losetup', '--noheadings', '--output', 'NAME,BACK-FILE').filter((line) => line.includes(dataDir)),
    ...[`/run/miosa-${instance}`].filter((path) => existsSync(path)),
  ];
};

const childrenOf = (pid: number): number[] => read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);

/** A process below `pid` whose command line says so. */
export const descendantOf = (pid: number, wanted: RegExp): number | undefined => {
  for (const child of childrenOf(pid)) {
    if (wanted.test(read(`/proc/${child}/cmdline`).replaceAll('\0', ' '))) return child;
    const deeper = descendantOf(child, wanted);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
};

/** The runner's launch helper. */
export const helperOf = (runner: number): number | undefined => descendantOf(runner, /\/launch /);
/** The program that answers names for sandboxes with a policy. */
export const nameServerOf = (runner: number): number | undefined => descendantOf(runner, /network\/dns\/main\.ts/);
