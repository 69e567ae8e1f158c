import { expect, it } from 'vitest';
import { createMemoryLimiter, type RateLimiter, withFallback } from './index.ts';

const warnings: string[] = [];
const log = { debug: () => {}, info: () => {}, warn: (_: object, message: string) => void warnings.push(message), error: () => {} };
const check = { bucket: 'key', key: 'a', limit: 3, windowMs: 60_000 };

it('counts here when the store never answers, asks it rarely and says so once', async () => {
  let asked = 0;
  const silent: RateLimiter = {
    take: () => {
      asked++;
      return new Promise(() => {});
    },
    close: async () => {},
  };
  const limiter = withFallback(silent, createMemoryLimiter(), log);
  const answers: boolean[] = [];
  for (let i = 0; i < 5; i++) answers.push((await limiter.take([check], 0)).allowed);
  expect(answers).toEqual([true, true, true, false, false]);
  expect([asked, warnings.length]).toEqual([1, 1]);
});
