import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
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

/** Everything on this host that is the platform's, but for the files in its folder: empty after a clean stop. */
export const traces = (dataDir: string): string[] => {
  const instance = instanceOf(dataDir);
  return [
    ...processesOn(dataDir).map((line) => `process ${line}`),
    ...mountsBelow(dataDir).map((path) => `mount ${path}`),
    ...controlGroups(dataDir).map((path) => `cgroup ${path}`),
    ...readdirSync('/sys/class/net')
      .filter((name) => name.startsWith(`mi${instance}-`))
      .map((name) => `link ${name}`),
    ...linesOf('nft', 'list', 'tables').filter((line) => line.includes(instance)),
    ...linesOf('losetup', '--noheadings', '--output', 'NAME,BACK-FILE').filter((line) => line.includes(dataDir)),
    ...[`/run/miosa-${instance}`].filter((path) => existsSync(path)),
  ];
};
