import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { RunnerConfig } from '../config.ts';
import type { Cgroups } from './cgroups/cgroups.ts';
import type { Disk } from './disk.ts';
import type { Helper } from './helper.ts';
import { limiter } from './limiter.ts';
import type { Slot } from './network/addresses.ts';
import type { SandboxRecord } from './records.ts';
import { ociSpec } from './spec.ts';
import type { Tier } from './tiers/tier.ts';

/** What the helper answers to `start`; times in microseconds. */
export interface Booted {
  readonly pid: number;
  readonly startTime: number;
  readonly mountUs: number;
  readonly spawnUs: number;
  readonly runUs: number;
  readonly readyUs: number;
}

/** An agent that does not answer within this is broken; 50 boots at once on two cores stay below 2 s. */
const READY_TIMEOUT_MS = 20_000;

const hardOpenFiles = (): number => {
  const limit = /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? '1024';
  return Math.min(1_048_576, limit === 'unlimited' ? 1_048_576 : Number(limit));
};

/** machine-id(5): an id of this machine alone, the same at each of its boots, also where its files are another's copy. */
const machineId = (id: string): string => createHash('sha256').update(`machine-id\n${id}`).digest('hex').slice(0, 32);

/** The files of /etc that are a machine's own. */
export const etcFiles = (id: string, hostname: string, gateway: string): Record<string, string> => ({
  'machine-id': `${machineId(id)}\n`,
  'resolv.conf': `nameserver ${gateway}\noptions timeout:2 attempts:2\n`,
  hosts: `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t${hostname}\n`,
  hostname: `${hostname}\n`,
});

export interface Booter {
  socketPath(id: string): string;
  /** Removes the agent's socket of a boot that has ended. */
  forget(id: string): Promise<void>;
  /**
   * Starts the processes of a sandbox whose volume exists; resolves when the agent has answered. One that is `waiting` for its sandbox has no
   * address yet.
   */
  boot(record: SandboxRecord, slot: Slot, tier: Tier, options?: { readonly waiting: boolean }): Promise<Booted>;
}

export const createBooter = (config: RunnerConfig, parts: { helper: Helper; cgroups: Cgroups; disk: Disk; stage: string }): Booter => {
  const { helper, cgroups, disk, stage } = parts;
  const openFilesMax = hardOpenFiles();
  // A burst is bound by the processors: more boots at once end no earlier altogether, and each one later.
  const limited = limiter(2 * availableParallelism());
  const socketPath = (id: string): string => join(config.dataDir, 'run', 's', `${id}.sock`);
  return {
    socketPath,
    forget: (id) => rm(socketPath(id), { force: true }),
    boot: ({ spec, rootfs }, slot, tier, { waiting } = { waiting: false }) =>
      limited(() =>
        helper.call<Booted>('start', {
          id: spec.id,
          slot: slot.index,
          stage,
          ...cgroups.create(spec.id, spec),
          lower: rootfs,
          ...disk.layers(spec.id),
          idBase: slot.idBase,
          agent: config.agentPath,
          etc: etcFiles(spec.id, spec.hostname, slot.host),
          runtime: tier.runtime,
          runtimeFlags: tier.runtimeFlags,
          hideDirs: tier.hideDirs,
          relayed: tier.relayed,
          spec: tier.adapt(
            ociSpec({
              hostname: spec.hostname,
              idBase: slot.idBase,
              memoryMiB: spec.memoryMiB,
              stage,
              cgroupNamespace: true,
              openFilesMax,
            }),
          ),
          socket: socketPath(spec.id),
          socketGid: config.gid,
          env: { vars: spec.env },
          timeoutMs: READY_TIMEOUT_MS,
          waiting,
          address: slot.address,
        }),
      ),
  };
};
