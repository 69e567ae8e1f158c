import { expect, it } from 'vitest';
import { limiterContract } from './contract.ts';
import { createMemoryLimiter } from './memory.ts';

limiterContract('memory', { create: async () => createMemoryLimiter(), runs: 300 });

const check = (key: string) => ({ bucket: 'ip', key, limit: 2, windowMs: 60_000 });

it('forgets keys that have been idle', async () => {
  const limiter = createMemoryLimiter();
  for (let i = 0; i < 1000; i++) await limiter.take([check(`k${i}`)], 0);
  expect(limiter.size).toBe(1000);
  await limiter.take([check('busy')], 61_000);
  await limiter.take([check('busy')], 122_000);
  expect(limiter.size).toBe(1);
});

it('holds a bounded number of keys, and those in use', async () => {
  const limiter = createMemoryLimiter({ maxKeys: 100 });
  for (let i = 0; i < 10_000; i++) {
    await limiter.take([check(`k${i}`)], 1000);
    await limiter.take([check('busy')], 1000);
  }
  expect(limiter.size).toBeLessThanOrEqual(101);
  expect((await limiter.take([check('busy')], 1000)).allowed).toBe(false);
});

it('forgets nothing early when the clock steps back', async () => {
  const limiter = createMemoryLimiter();
  for (const at of [100_000, 40_000]) await limiter.take([check('a')], at);
  expect((await limiter.take([check('a')], 101_000)).allowed).toBe(false);
});
