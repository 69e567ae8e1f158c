import { expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

it('forgets what was used least recently, and holds no more than its limit', () => {
  const map = new BoundedMap<number, string>(2);
  map.set(1, 'a');
  map.set(2, 'b');
  map.get(1);
  map.set(3, 'c');
  expect([map.get(1), map.get(2), map.get(3)]).toEqual(['a', undefined, 'c']);
  for (let i = 0; i < 1000; i++) map.set(i, 'x');
  expect(map.size).toBe(2);
});
