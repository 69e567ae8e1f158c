import { describe, expect, it } from 'vitest';
import { createDemand } from './demand.ts';

const MINUTE = 60_000;

describe('how many machines are kept ready', () => {
  it('keeps the least, and no more, where nothing is asked for', () => {
    expect([...createDemand({ standard: 2 }).plan(0, 16)]).toEqual([['standard', 2]]);
    expect([...createDemand({}).plan(0, 16)]).toEqual([]);
  });
  it('keeps one of a template that is asked for now and then, and none of one that nobody wants any more', () => {
    const demand = createDemand({ standard: 2 });
    demand.note('rare', 0);
    expect(demand.plan(0, 16).get('rare')).toBe(1);
    expect(demand.plan(7 * MINUTE, 16).get('rare')).toBe(1);
    expect(demand.plan(9 * MINUTE, 16).get('rare')).toBeUndefined();
  });
  it('grows with the rate of creates and shrinks again, never below the least', () => {
    const demand = createDemand({ standard: 2 });
    const wanted = (now: number): number => demand.plan(now, 64).get('standard') ?? 0;
    for (let n = 0; n < 100; n++) demand.note('standard', n);
    const busy = wanted(100);
    expect(busy).toBe(10);
    for (let second = 0; second < 600; second++) demand.note('standard', 100 + second * 1000);
    const steady = wanted(600_100);
    expect(steady).toBeGreaterThan(busy);
    expect(steady).toBeLessThanOrEqual(30);
    let before = steady;
    for (let minute = 1; minute <= 60; minute++) {
      const now = wanted(600_100 + minute * MINUTE);
      expect(now).toBeLessThanOrEqual(before);
      before = now;
    }
    expect(before).toBe(2);
  });
  it('never plans more than the most, and shares that by demand', () => {
    const demand = createDemand({ standard: 2 });
    for (let n = 0; n < 300; n++) demand.note(n % 3 === 0 ? 'small' : 'large', n);
    const planned = demand.plan(300, 8);
    expect([...planned.values()].reduce((sum, count) => sum + count, 0)).toBe(8);
    expect(planned.get('standard')).toBe(2);
    expect([planned.get('small'), planned.get('large')]).toEqual([2, 4]);
    expect([...demand.plan(300, 1)]).toEqual([['standard', 1]]);
    expect([...demand.plan(300, 0)]).toEqual([]);
  });
  it('keeps to its numbers when the clock is set back', () => {
    const demand = createDemand({});
    demand.note('one', 10 * MINUTE);
    expect(demand.expected('one', 0)).toBe(demand.expected('one', 10 * MINUTE));
  });
});
