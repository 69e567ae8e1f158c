import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMirror } from './mirror.ts';

const setUp = (maxEntries = 100) => {
  const source = new Map<string, { v: number }>();
  const state = { loads: 0, delayMs: 0, fails: false, now: 0 };
  const mirror = createMirror<{ v: number }>({
    maxEntries,
    now: () => state.now,
    onLoadFailed: () => undefined,
    load: async (key) => {
      state.loads++;
      const value = source.get(key) ?? null;
      if (state.fails) throw new Error('down');
      if (state.delayMs > 0) await sleep(state.delayMs);
      return value;
    },
  });
  return { source, state, mirror };
};

describe('the mirror', () => {
  it('reads once for concurrent askers, and remembers', async () => {
    const { source, state, mirror } = setUp();
    source.set('a', { v: 1 });
    state.delayMs = 20;
    expect(await Promise.all([mirror.get('a'), mirror.get('a')])).toEqual([{ v: 1 }, { v: 1 }]);
    await mirror.get('a');
    expect(state.loads).toBe(1);
  });

  it('remembers absence for two seconds only', async () => {
    const { source, state, mirror } = setUp();
    expect(await mirror.get('a')).toBeNull();
    source.set('a', { v: 1 });
    state.now = 1999;
    expect(await mirror.get('a')).toBeNull();
    state.now = 2001;
    expect(await mirror.get('a')).toEqual({ v: 1 });
  });

  it('reads again when a change arrives during a read', async () => {
    const { source, state, mirror } = setUp();
    source.set('a', { v: 1 });
    state.delayMs = 30;
    const read = mirror.get('a');
    await sleep(10);
    source.set('a', { v: 2 });
    mirror.invalidate((value) => value?.v === 2);
    expect(await read).toEqual({ v: 2 });
    expect(await mirror.get('a')).toEqual({ v: 2 });
  });

  it('serves the last known value while the source is down, asking once a second', async () => {
    const { source, state, mirror } = setUp();
    source.set('a', { v: 1 });
    await mirror.get('a');
    state.fails = true;
    mirror.invalidate(() => true);
    for (let i = 0; i < 10; i++) expect(await mirror.get('a')).toEqual({ v: 1 });
    expect(state.loads).toBe(2);
    state.now += 1001;
    await mirror.get('a');
    expect(state.loads).toBe(3);
    await expect(mirror.get('b')).rejects.toThrow('down');
  });

  it('stays within its bound, and unknown names cannot push out known ones', async () => {
    const { source, state, mirror } = setUp(10);
    source.set('known', { v: 1 });
    await mirror.get('known');
    for (let i = 0; i < 1000; i++) await mirror.get(`made-up-${i}`);
    expect(mirror.size).toBe(1);
    const before = state.loads;
    await mirror.get('known');
    expect(state.loads).toBe(before);
    for (let i = 0; i < 50; i++) {
      source.set(`k${i}`, { v: i });
      await mirror.get(`k${i}`);
    }
    expect(mirror.size).toBe(10);
  });

  it('refuses a flood of unknown names instead of passing it on', async () => {
    const { state, mirror } = setUp();
    state.delayMs = 20;
    const results = await Promise.allSettled(Array.from({ length: 500 }, (_, i) => mirror.get(`x${i}`)));
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(436);
    expect(state.loads).toBe(64);
  });
});
