import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

const number = (path: string): number => Number(readFileSync(path, 'utf8'));

/**
 * What all sandboxes together may take: the platform and the host keep a tenth of memory (768 MiB at least) and a fifth of the process
 * numbers, so that an overbooked host kills inside sandboxes and never the database. As cgroup weight, sandboxes together count as much
 * as one busy platform process a core.
 */
export const hostShare = (): { memoryBytes: number; pidsMax: number; cpus: number } => ({
  memoryBytes: Math.floor(Math.max(totalmem() / 4, totalmem() - Math.max(768 * 2 ** 20, totalmem() / 10))),
  pidsMax: Math.floor(Math.min(number('/proc/sys/kernel/pid_max'), number('/proc/sys/kernel/threads-max')) * 0.8),
  cpus: availableParallelism(),
});
