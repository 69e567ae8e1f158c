import { randomInt } from 'node:crypto';
import type { Parameters } from 'fast-check';

/** Printed; `MIOSA_FUZZ_SEED=<seed>` repeats a run to the byte, `MIOSA_FUZZ_RUNS=<n>` makes it longer. */
const seed = Number(process.env.MIOSA_FUZZ_SEED ?? randomInt(1, 2 ** 31));
const factor = Number(process.env.MIOSA_FUZZ_RUNS ?? 150) / 150;

console.log(`fuzz: MIOSA_FUZZ_SEED=${seed}`);

export const replayable = <T>(numRuns = 150): Parameters<T> => ({ seed, numRuns: Math.ceil(numRuns * factor) });
