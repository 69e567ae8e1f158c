import { afterEach, describe, expect, test } from 'vitest';
import { type Activity, createActivity } from './activity.ts';
import { silent } from './testing/world.ts';

let activity: Activity;
afterEach(() => activity?.close());

const make = (write: (seen: ReadonlyMap<string, number>) => Promise<void>) => {
  let at = 1000;
  activity = createActivity({ write, now: () => new Date(at), log: silent });
  return { to: (ms: number) => (at = ms) };
};

describe('activity', () => {
  test('many touches of a sandbox are one write of the latest', async () => {
    const writes: [string, number][][] = [];
    make(async (seen) => void writes.push([...seen]));
    activity.touch('a', 5);
    activity.touch('a', 9);
    activity.touch('a', 7);
    activity.touch('b', 1);
    await activity.flush();
    await activity.flush();
    expect(writes).toEqual([
      [
        ['a', 9],
        ['b', 1],
      ],
    ]);
  });

  test('what could not be written is kept for the next try', async () => {
    const writes: [string, number][][] = [];
    let broken = true;
    make(async (seen) => {
      if (broken) throw new Error('database away');
      writes.push([...seen]);
    });
    activity.touch('a', 5);
    await expect(activity.flush()).rejects.toThrow('database away');
    broken = false;
    activity.touch('b', 6);
    await activity.flush();
    expect(Object.fromEntries(writes[0] ?? [])).toEqual({ a: 5, b: 6 });
  });

  test('work counts for as long as it lasts, also when several overlap', async () => {
    const writes: Map<string, number>[] = [];
    const clock = make(async (seen) => void writes.push(new Map(seen)));
    const first = activity.begin('a');
    const second = activity.begin('a');
    clock.to(50_000);
    first();
    first();
    clock.to(90_000);
    await activity.flush();
    expect(writes.at(-1)?.get('a')).toBe(90_000);
    second();
    await activity.flush();
    const count = writes.length;
    clock.to(120_000);
    await activity.flush();
    expect(writes).toHaveLength(count);
  });
});
