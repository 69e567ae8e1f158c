import { describe, expect, it } from 'vitest';
import { allowListOf, networkOf, normaliseCidrs, withinCidrs } from './addresses.ts';

it('takes addresses and CIDRs of both families and nothing else', () => {
  expect(normaliseCidrs('a', ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'])).toEqual([
    '10.0.0.0/8',
    '192.0.2.7/32',
    '2001:db8::/32',
    '::1/128',
  ]);
  for (const bad of ['', 'x', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0/8', '::1%lo', '1.2.3.4/8/8', '0x7f.1', '010.0.0.1']) {
    expect(() => normaliseCidrs('a', [bad])).toThrow();
  }
});

describe('an allow list', () => {
  const allows = allowListOf(['10.1.0.0/16', '2001:db8::/32']);
  it.each(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8:1::5'])('lets %s in', (ip) => expect(allows?.(ip)).toBe(true));
  it.each(['10.2.0.1', '::ffff:10.2.0.1', '2001:db9::1', 'nonsense', ''])('keeps %j out', (ip) => expect(allows?.(ip)).toBe(false));
  it('keeps an unknown address out', () => expect(allows?.(null)).toBe(false));
  it('that is empty restricts nothing', () => expect(allowListOf([])).toBeNull());
});

it.each([
  [['10.1.2.0/24'], ['10.1.0.0/16'], true],
  [['10.1.0.0/16'], ['10.1.0.0/16', '::/0'], true],
  [['10.0.0.0/8'], ['10.1.0.0/16'], false],
  [['10.1.2.0/24', '10.2.0.0/24'], ['10.1.0.0/16'], false],
  [['::/0'], ['0.0.0.0/0'], false],
  [[], ['10.1.0.0/16'], false],
  [['0.0.0.0/0'], [], true],
  [[], [], true],
])('%j within %j: %s', (inner, outer, expected) => expect(withinCidrs(inner, outer)).toBe(expected));

it('counts calls by IPv4 address and by IPv6 network, however it is spelled', () => {
  expect(['192.0.2.7', '::ffff:192.0.2.7', null].map(networkOf)).toEqual(['192.0.2.7', '192.0.2.7', 'unknown']);
  const same = ['2001:db8:0:1::1', '2001:0DB8:0000:0001:ffff::', '2001:db8:0:1:1:2:3:4', '2001:db8:0:1::1%eth0'].map(networkOf);
  expect(new Set(same)).toEqual(new Set(['2001:db8:0:1::/64']));
  expect(['::1', '64:ff9b::192.0.2.7', '1::'].map(networkOf)).toEqual(['0:0:0:0::/64', '64:ff9b:0:0::/64', '1:0:0:0::/64']);
});
