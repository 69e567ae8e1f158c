import { expect, it } from 'vitest';
import { createRateLimit } from './rate.ts';

it('allows the burst at once, then the rate by waiting up to two seconds, then refuses', () => {
  let now = 0;
  const limit = createRateLimit({ perSecond: 10, burst: 20 }, () => now);
  const take = (count: number) => Array.from({ length: count }, () => limit.take('1.2.3.4', 'h'));
  expect(take(20)).toEqual(Array.from({ length: 20 }, () => 0));
  const later = take(100);
  expect(later[0]).toBe(100);
  expect(later.filter((wait) => wait !== null)).toHaveLength(20);
  expect(Math.max(...later.map(Number))).toBe(2000);
  now = 500;
  expect(take(100).filter((wait) => wait !== null)).toHaveLength(5);
  now = 60_000;
  expect(take(20)).toEqual(Array.from({ length: 20 }, () => 0));
});

it('rations new host names, so that guessing them comes with no fresh bucket each', () => {
  const limit = createRateLimit({ perSecond: 10, burst: 20 }, () => 0);
  expect(Array.from({ length: 100 }, (_, i) => limit.take('1.2.3.4', `h${i}`)).filter((wait) => wait === 0)).toHaveLength(20);
  expect(limit.take('1.2.3.4', 'h99')).toBeNull();
  expect(limit.take('1.2.3.5', 'h99')).toBe(0);
});

it('counts a /64 of IPv6 as one visitor', () => {
  const limit = createRateLimit({ perSecond: 0.1, burst: 2 }, () => 0);
  expect(limit.take('2001:db8:1:2::1', 'h')).toBe(0);
  expect(limit.take('2001:db8:1:2::2', 'h')).toBe(0);
  expect(limit.take('2001:db8:1:2::3', 'h')).toBeNull();
});
