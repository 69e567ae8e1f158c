import { expect, it } from 'vitest';
import { createLru } from './lru.ts';

it('what was not used goes first, and its holder can tell', () => {
  const lru = createLru<string>(30);
  const [a, b, c] = ['a', 'b', 'c'].map((key) => lru.add(key, key, 10));
  lru.get('a');
  lru.add('d', 'd', 10);
  expect([a, b, c].map((entry) => entry?.value)).toEqual(['a', null, 'c']);
  expect([lru.get('a')?.value, lru.get('b'), lru.get('d')?.value]).toEqual(['a', null, 'd']);
});

it('what is larger than all the room is handed back and not kept', () => {
  const lru = createLru<string>(30);
  lru.add('a', 'a', 10);
  expect(lru.add('big', 'big', 31).value).toBe('big');
  expect([lru.get('big'), lru.get('a')?.value]).toEqual([null, 'a']);
});

it('what comes to hold more makes others go, and goes itself when it is too much', () => {
  const lru = createLru<string>(30);
  const [a, b] = [lru.add('a', 'a', 10), lru.add('b', 'b', 10)];
  lru.grow('b', 15);
  expect([a.value, b.value]).toEqual([null, 'b']);
  lru.grow('b', 15);
  expect(b.value).toBeNull();
  lru.grow('b', 15);
  lru.add('c', 'c', 30);
  expect(lru.get('c')?.value).toBe('c');
});

it('the same key again takes the place of the old', () => {
  const lru = createLru<string>(30);
  for (let i = 0; i < 10; i++) lru.add('a', `a${i}`, 10);
  lru.add('b', 'b', 20);
  expect([lru.get('a')?.value, lru.get('b')?.value]).toEqual(['a9', 'b']);
});
