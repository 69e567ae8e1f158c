/** Milliseconds of repeated runs of one action. */
export interface Sample {
  readonly name: string;
  readonly ms: readonly number[];
}

/** Nearest-rank percentile (0 < p ≤ 100); NaN of nothing. */
export const percentile = (values: readonly number[], p: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
};

export const timed = async <T>(action: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> => {
  const started = performance.now();
  const value = await action();
  return { ms: performance.now() - started, value };
};

/** Runs `action` `count` times one after the other, after `warmUp` runs that do not count. */
export const sample = async (name: string, count: number, action: (index: number) => Promise<unknown>, warmUp = 0): Promise<Sample> => {
  const ms: number[] = [];
  for (let index = -warmUp; index < count; index++) {
    const run = await timed(() => action(index));
    if (index >= 0) ms.push(run.ms);
  }
  return { name, ms };
};

export const format = (ms: number): string =>
  Number.isNaN(ms) ? '–' : ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
