import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalCidr, canonicalHost, networkDigest, networkPolicyOf, networkPolicyWire, parseNetworkPolicy } from './network-policy.ts';

const one = (destination: string, more: object = {}) =>
  parseNetworkPolicy('policy', { default_effect: 'deny', rules: [{ effect: 'allow', destination, ...more }] }).rules[0];

describe('destinations', () => {
  it.each([
    ['API.Example.COM', 'api.example.com'],
    ['example.com.', 'example.com'],
    ['*.Example.com', '*.example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['*.例え.テスト', '*.xn--r8jz45g.xn--zckzah'],
    ['*.RU', '*.ru'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['198.51.100.0/24', '198.51.100.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
  ])('%s is kept as %s', (given, kept) => {
    expect(one(given)?.destination).toBe(kept);
  });

  it.each([
    '',
    '*',
    '*.',
    '*.com.*',
    'a.*.example.com',
    'example',
    'localhost',
    '-a.example',
    'a..example',
    'exa mple.com',
    'http://example.com',
    'example.com/path',
    'example.com:443',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '1.2.3',
    '256.1.1.1',
    '01.2.3.4/8',
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'fe80::1%eth0',
    '2001:db8::1/32',
    '1.2.3.4/32 accept',
    'a.example; flush ruleset',
    'a.example\n',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(130)}example`,
  ])('%j is refused', (given) => {
    const isRefused = (): boolean => {
      try {
        one(given);
        return false;
      } catch {
        return true;
      }
    };
    // Surrounding white space is forgiven; what is inside never is.
    expect(isRefused() || one(given)?.destination === given.trim()).toBe(true);
    if (given.trim() === given) expect(isRefused()).toBe(true);
  });

  it('in canonical form hold nothing but letters, digits, dots, hyphens, underscores, colons and a slash', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6()), (text) => {
        expect(canonicalHost(text) ?? '').toMatch(/^[a-z0-9._-]*$/);
        expect(canonicalCidr(text) ?? '').toMatch(/^[0-9a-f.:/]*$/);
      }),
    );
  });
});

describe('ports', () => {
  it('are joined and sorted', () => {
    expect(one('a.example', { ports: ['8000-8010', 443, '8011', '8005-8020', 80] })?.ports).toEqual([
      { from: 80, to: 80 },
      { from: 443, to: 443 },
      { from: 8000, to: 8020 },
    ]);
  });
  it.each([[[]], [[0]], [[65_536]], [['2-1']], [['a']], [['1-']], [[1.5]], [Array.from({ length: 51 }, (_, i) => i + 1)]])(
    '%j are refused',
    (ports) => {
      expect(() => one('a.example', { ports })).toThrow(/ports/);
    },
  );
});

describe('policies', () => {
  it('have at most 200 rules, each once', () => {
    const rule = { effect: 'allow', destination: 'a.example' } as const;
    expect(parseNetworkPolicy('p', { default_effect: 'deny', rules: [rule, rule] }).rules).toHaveLength(1);
    const many = Array.from({ length: 201 }, () => rule);
    expect(() => parseNetworkPolicy('p', { default_effect: 'deny', rules: many })).toThrow(/200/);
  });
  it('read what they wrote', () => {
    const policy = parseNetworkPolicy('p', {
      default_effect: 'deny',
      rules: [{ effect: 'allow', destination: '*.a.example', ports: ['1-5', 9], protocol: 'udp' }],
    });
    expect(networkPolicyOf('p', JSON.parse(JSON.stringify(networkPolicyWire(policy))))).toEqual(policy);
  });
  it.each([
    null,
    'x',
    {},
    { default_effect: 'deny' },
    { default_effect: 'x', rules: [] },
    { default_effect: 'deny', rules: [null] },
    { default_effect: 'deny', rules: [{ effect: 'allow' }] },
  ])('of another shape are refused: %j', (value) => {
    expect(() => networkPolicyOf('p', value)).toThrow(/^p/);
  });
  it('that forbid nothing have no digest, others one of their own, also by level', () => {
    const open = parseNetworkPolicy('p', { default_effect: 'allow', rules: [{ effect: 'allow', destination: 'a.example' }] });
    const none = parseNetworkPolicy('p', { default_effect: 'deny', rules: [] });
    const some = parseNetworkPolicy('p', { default_effect: 'allow', rules: [{ effect: 'deny', destination: 'a.example' }] });
    expect(networkDigest([])).toBe('');
    expect(networkDigest([open])).toBe('');
    expect(networkDigest([open, none])).toBe(networkDigest([none]));
    expect(new Set([[none], [some], [none, some], [some, none]].map(networkDigest)).size).toBe(4);
  });
});
