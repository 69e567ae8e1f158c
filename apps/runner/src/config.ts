import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface RunnerConfig {
  readonly dataDir: string;
  /** `<slug>/current/rootfs` below it. */
  readonly templatesDir: string;
  readonly agentPath: string;
  readonly launchPath: string;
  /** OCI runtime: name in PATH or absolute path. */
  readonly runtime: string;
  /** gVisor, for the tier of that name. */
  readonly gvisorRuntime: string;
  readonly logLevel: string;
  /** Size of the disk image when it is first made; 0 = three quarters of what is free then. */
  readonly diskGiB: number;
  /** Network slots kept ready. */
  readonly slotsReady: number;
  /** Machines booted ahead of demand, at most; 0 = none. */
  readonly warmPool: number;
  /** IPv4 block that installations on one host share between them, each a sixteenth. */
  readonly addressPool: string;
  /** Resolver that sandboxes reach through their gateway; empty = the host's own. */
  readonly resolver: string;
  /** Certificates (PEM) that servers of brokered hosts may be signed by besides the public ones: a company's own authority. */
  readonly egressAuthorities: string;
  /** Group that may use runner.sock and the agent sockets. */
  readonly gid: number;
  /** For fault tests; empty = none. See `openFaultPoints`. */
  readonly faultPoints: string;
  /** Tells two installations on one host apart: in the names of links, cgroups and tables. */
  readonly instance: string;
}

const groupId = (name: string): number | null => {
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [group, , gid] = line.split(':');
    if (group === name) return Number(gid);
  }
  return null;
};

const readable = (path: string, mode: number): boolean => {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
};

/** Six hex digits of the data folder's real path: enough to tell the installations of one host apart. */
export const instanceOf = (dataDir: string): string => createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 6);

/** Reads the environment once; throws one error that names every mistake. */
export const readConfig = (env: NodeJS.ProcessEnv): RunnerConfig => {
  const mistakes: string[] = [];
  const number = (name: string, fallback: number, least: number, most: number): number => {
    const value = Number(env[name] ?? fallback);
    if (!Number.isInteger(value) || value < least || value > most) mistakes.push(`${name} must be a whole number from ${least} to ${most}`);
    return value;
  };
  const executable = (name: string): string => {
    const path = env[name] ?? '';
    if (path === '' || !readable(path, constants.X_OK)) mistakes.push(`${name} must name an executable file (it is '${path}')`);
    return path;
  };
  const dataDir = resolve(env.MIOSA_DATA ?? '/var/lib/miosa');
  if (!readable(dataDir, constants.W_OK)) mistakes.push(`MIOSA_DATA: ${dataDir} is not a folder that can be written`);
  // A socket address holds 107 bytes, and `run/s/<id>.sock` takes 42.
  if (dataDir.length > 64) mistakes.push(`MIOSA_DATA: ${dataDir} is longer than 64 characters, which unix sockets below it do not allow`);
  const addressPool = env.MIOSA_RUNNER_POOL ?? '10.213.0.0/16';
  if (!/^\d{1,3}(\.\d{1,3}){3}\/(1[0-9]|20)$/.test(addressPool))
    mistakes.push('MIOSA_RUNNER_POOL must be an IPv4 block between /10 and /20');
  const group = env.MIOSA_GROUP ?? 'miosa';
  const gid = groupId(group);
  if (gid === null) mistakes.push(`MIOSA_GROUP: there is no group '${group}'`);
  let egressAuthorities = '';
  try {
    if (env.MIOSA_EGRESS_CA !== undefined && env.MIOSA_EGRESS_CA !== '') egressAuthorities = readFileSync(env.MIOSA_EGRESS_CA, 'utf8');
  } catch {
    mistakes.push(`MIOSA_EGRESS_CA: ${env.MIOSA_EGRESS_CA} cannot be read`);
  }
  const config: RunnerConfig = Object.freeze({
    dataDir,
    templatesDir: join(resolve(env.MIOSA_CACHE ?? '/var/cache/miosa'), 'templates'),
    agentPath: executable('MIOSA_AGENT_BIN'),
    launchPath: executable('MIOSA_LAUNCH_BIN'),
    runtime: env.MIOSA_RUNTIME_BIN ?? 'crun',
    gvisorRuntime: env.MIOSA_GVISOR_BIN ?? 'runsc',
    logLevel: env.MIOSA_LOG_LEVEL ?? 'info',
    diskGiB: number('MIOSA_RUNNER_DISK_GIB', 0, 0, 1 << 20),
    slotsReady: number('MIOSA_RUNNER_SLOTS', 64, 1, 1024),
    warmPool: number('MIOSA_WARM_POOL', 16, 0, 512),
    addressPool,
    resolver: env.MIOSA_RUNNER_DNS ?? '',
    egressAuthorities,
    gid: gid ?? 0,
    faultPoints: env.MIOSA_RUNNER_FAULT_POINTS ?? '',
    instance: mistakes.length > 0 ? '' : instanceOf(dataDir),
  });
  if (mistakes.length > 0) throw new Error(`The runner cannot start:\n  ${mistakes.join('\n  ')}`);
  return config;
};
