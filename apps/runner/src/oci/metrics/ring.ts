import { closeSync, constants, mkdirSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeSample } from '@miosa/runtime';

/** `at`, and the five numbers of a sample, as 64-bit floats. */
const BYTES = 6 * 8;
/** Ten seconds over an hour and five minutes over a week: 114 KB a sandbox, of which an idle host writes three lines at a time. */
const TIERS = [
  { stepMs: 10_000, slots: 360, from: 1 },
  { stepMs: 300_000, slots: 2016, from: 361 },
] as const;
const HOUR_MS = 3_600_000;

/**
 * Samples of each sandbox in one file of fixed size: the newest first, then a ring for each step. Not flushed: what a power loss takes is
 * at most half a minute of a chart. The death of the runner takes nothing.
 */
export interface Rings {
  write(id: string, sample: RuntimeSample): void;
  newest(id: string): RuntimeSample | undefined;
  /** Oldest first; the fine ones where there are any. */
  since(id: string, atMs: number): RuntimeSample[];
  remove(id: string): void;
}

const encode = (sample: RuntimeSample): Buffer => {
  const { at, cpuUsageUsec, memoryBytes, diskBytes, networkRxBytes, networkTxBytes } = sample;
  return Buffer.from(new Float64Array([at, cpuUsageUsec, memoryBytes, diskBytes, networkRxBytes, networkTxBytes]).buffer);
};

const decode = (bytes: Buffer, index: number): RuntimeSample | undefined => {
  if (bytes.length < (index + 1) * BYTES) return undefined;
  const field = (n: number): number => bytes.readDoubleLE(index * BYTES + n * 8);
  const at = field(0);
  if (at === 0) return undefined;
  return {
    at,
    cpuUsageUsec: field(1),
    memoryBytes: field(2),
    diskBytes: field(3),
    networkRxBytes: field(4),
    networkTxBytes: field(5),
  };
};

const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

const orNothing = <T>(read: () => T, nothing: T): T => {
  try {
    return read();
  } catch (error) {
    if (isAbsent(error)) return nothing;
    throw error;
  }
};

export const openRings = (folder: string): Rings => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = (id: string): string => join(folder, `${id}.ring`);
  return {
    write: (id, sample) => {
      const file = openSync(path(id), constants.O_WRONLY | constants.O_CREAT, 0o600);
      try {
        const bytes = encode(sample);
        writeSync(file, bytes, 0, BYTES, 0);
        for (const { stepMs, slots, from } of TIERS)
          writeSync(file, bytes, 0, BYTES, (from + (Math.floor(sample.at / stepMs) % slots)) * BYTES);
      } finally {
        closeSync(file);
      }
    },
    newest: (id) =>
      orNothing(() => {
        const file = openSync(path(id), constants.O_RDONLY);
        try {
          const bytes = Buffer.alloc(BYTES);
          return readSync(file, bytes, 0, BYTES, 0) < BYTES ? undefined : decode(bytes, 0);
        } finally {
          closeSync(file);
        }
      }, undefined),
    since: (id, atMs) => {
      const bytes = orNothing(() => readFileSync(path(id)), Buffer.alloc(0));
      const [fine = [], coarse = []] = TIERS.map(({ slots, from }) =>
        Array.from({ length: slots }, (_, n) => decode(bytes, from + n))
          .flatMap((sample) => (sample === undefined || sample.at < atMs ? [] : [sample]))
          .sort((a, b) => a.at - b.at),
      );
      const recent = fine.filter(({ at }) => at > (fine.at(-1)?.at ?? 0) - HOUR_MS);
      const begin = recent[0]?.at ?? Number.POSITIVE_INFINITY;
      return [...coarse.filter(({ at }) => at < begin), ...recent];
    },
    remove: (id) => rmSync(path(id), { force: true }),
  };
};
