import { expect, it } from 'vitest';
import { createRateLimit } from './rate.ts';

it('allows the burst, then the rate', () => {
  let now = 0;
  const limit = createRateLimit({ perSecond: 10, burst: 20 }, () => now);
  const taken = (): number => Array.from({ length: 100 }, () => limit.take('1.2.3.4', 'h')).filter(Boolean).length;
  expect(taken()).toBe(20);
  now = 500;
  expect(taken()).toBe(5);
  now = 60_000;
  expect(taken()).toBe(20);
});

it('rations new host names, so that guessing them comes with no fresh bucket each', () => {
  const limit = createRateLimit({ perSecond: 10, burst: 20 }, () => 0);
  expect(Array.from({ length: 100 }, (_, i) => limit.take('1.2.3.4', `h${i}`)).filter(Boolean)).toHaveLength(20);
  expect(limit.take('1.2.3.5', 'h99')).toBe(true);
});

it('counts a /64 of IPv6 as one visitor', () => {
  const limit = createRateLimit({ perSecond: 1, burst: 2 }, () => 0);
  expect(limit.take('2001:db8:1:2::1', 'h')).toBe(true);
  expect(limit.take('2001:db8:1:2::2', 'h')).toBe(true);
  expect(limit.take('2001:db8:1:2::3', 'h')).toBe(false);
});
