/** Demand is remembered over about five minutes … */
const MEMORY_MS = 300_000;
/** … and what it asks for in half a minute is kept ready: a machine takes 20 ms to make, but only while nobody waits for anything else. */
const AHEAD_MS = 30_000;
/** Below this expectation nothing is kept: one create is remembered for eight minutes. */
const LEAST = 0.02;

/** How many machines to keep ready of each template: an exponentially weighted rate of creates, nothing else. */
export interface Demand {
  /** A sandbox of that template was asked for. */
  note(template: string, nowMs: number): void;
  /** Creates to be expected in the next half minute. */
  expected(template: string, nowMs: number): number;
  /** At most `max` in all; where that is too little, those with the most demand for each machine come first. */
  plan(nowMs: number, max: number): ReadonlyMap<string, number>;
}

/** `least`: what is kept ready without any demand. */
export const createDemand = (least: Readonly<Record<string, number>>): Demand => {
  const rates = new Map<string, { readonly perMs: number; readonly at: number }>();
  const rateAt = (template: string, nowMs: number): number => {
    const known = rates.get(template);
    // A clock that was set back makes the last demand one of now, and not one of the future.
    return known === undefined ? 0 : known.perMs * Math.exp(-Math.max(0, nowMs - known.at) / MEMORY_MS);
  };
  const expected = (template: string, nowMs: number): number => rateAt(template, nowMs) * AHEAD_MS;
  return {
    note: (template, nowMs) => {
      rates.set(template, { perMs: rateAt(template, nowMs) + 1 / MEMORY_MS, at: nowMs });
    },
    expected,
    plan: (nowMs, max) => {
      const planned = new Map<string, number>();
      let left = max;
      const give = (template: string): void => {
        planned.set(template, (planned.get(template) ?? 0) + 1);
        left -= 1;
      };
      for (const [template, count] of Object.entries(least)) for (let n = 0; n < count && left > 0; n++) give(template);
      const asked = [...rates.keys()].map((template) => ({ template, count: expected(template, nowMs) }));
      for (const { template, count } of asked) if (count < LEAST) rates.delete(template);
      while (left > 0) {
        const [first] = asked
          .map(({ template, count }) => ({ template, count, given: planned.get(template) ?? 0 }))
          .filter(({ count, given }) => count >= LEAST && given < count)
          .sort((one, other) => other.count / (other.given + 1) - one.count / (one.given + 1));
        if (first === undefined) break;
        give(first.template);
      }
      return planned;
    },
  };
};
