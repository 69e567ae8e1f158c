import { type NetworkPolicyWire, parseNetworkPolicy } from '@miosa/kernel';
import { describe, expect, it } from 'vitest';
import { isRefused, matchesHost, mayResolve, setsOf } from './names.ts';
import { attachText, detachText, policyRules } from './policy-rules.ts';
import { isPublic } from './public-addresses.ts';

const level = (default_effect: 'allow' | 'deny', ...rules: NetworkPolicyWire['rules']) =>
  parseNetworkPolicy('p', { default_effect, rules });
const rules = (...levels: ReturnType<typeof level>[]) => policyRules('p1', levels, { mark: 7, connectionsMax: 2048 });
const linesOf = (text: string, chain: string): string[] =>
  (new RegExp(`chain ${chain} \\{\\n([^}]*(?:\\{[^}]*\\}[^}]*)*?)\\n  \\}`).exec(text)?.[1] ?? '').split('\n').map((line) => line.trim());

describe('rules of a sandbox as text', () => {
  it('what is always blocked comes before anything that a policy says', () => {
    const lines = linesOf(rules(level('deny', { effect: 'allow', destination: '0.0.0.0/0' })).text, 'p1');
    expect(lines.indexOf('ip daddr @not_public goto p1_hidden')).toBeGreaterThan(0);
    expect(lines.indexOf('ip daddr @not_public goto p1_hidden')).toBeLessThan(lines.indexOf('jump p1_0'));
  });
  it('accepts established connections only with the mark of this policy', () => {
    expect(linesOf(rules(level('deny')).text, 'p1')[0]).toBe('ct state established,related ct mark 7 accept');
    expect(linesOf(rules(level('deny')).text, 'p1').at(-1)).toBe('ct mark set 7 accept');
  });
  it('puts denials before allowances and ends with the default', () => {
    const { text, nameSets } = rules(
      level(
        'deny',
        { effect: 'allow', destination: '198.51.100.0/24', ports: [443, '8000-8100'], protocol: 'tcp' },
        { effect: 'deny', destination: '198.51.100.7', protocol: 'udp' },
        { effect: 'allow', destination: 'a.example', ports: [443] },
        { effect: 'allow', destination: '*.b.example', ports: [443] },
        { effect: 'deny', destination: 'c.a.example', ports: [25] },
        { effect: 'allow', destination: '2001:db8::/32' },
      ),
    );
    expect(linesOf(text, 'p1_0')).toEqual([
      'ip daddr 198.51.100.7/32 meta l4proto udp goto p1_drop',
      'ip daddr @p1_0_0 meta l4proto { tcp, udp } th dport { 25 } goto p1_drop',
      'ip daddr 198.51.100.0/24 meta l4proto tcp th dport { 443, 8000-8100 } return',
      'ip daddr @p1_0_1 meta l4proto { tcp, udp } th dport { 443 } return',
      'goto p1_drop',
    ]);
    expect(nameSets.map(({ destinations }) => destinations)).toEqual([['c.a.example'], ['a.example', '*.b.example']]);
  });
  it('judges level after level', () => {
    expect(linesOf(rules(level('deny'), level('allow', { effect: 'deny', destination: '9.9.9.9' })).text, 'p1').slice(-3)).toEqual([
      'jump p1_0',
      'jump p1_1',
      'ct mark set 7 accept',
    ]);
  });
  it('takes away everything that it brought', () => {
    const made = rules(level('deny', { effect: 'allow', destination: 'a.example' }), level('deny'));
    const text = detachText('t', '10.0.0.1', made);
    for (const [, kind, name] of made.text.matchAll(/^ {2}(set|chain) (\S+) \{/gm))
      expect(text).toContain(`delete ${kind} inet t ${name}\n`);
    for (const line of attachText('t', '10.0.0.1', made).trim().split('\n')) expect(text).toContain(line.replace('add', 'delete'));
  });
});

describe('names', () => {
  it.each([
    ['a.example', 'a.example', true],
    ['a.example', 'b.a.example', false],
    ['*.a.example', 'a.example', false],
    ['*.a.example', 'b.a.example', true],
    ['*.a.example', 'c.b.a.example', true],
    ['*.a.example', 'ba.example', false],
    ['*.a.example', 'a.example.evil', false],
  ])('%s for %s: %s', (destination, name, expected) => {
    expect(matchesHost(destination, name)).toBe(expected);
  });
  it('resolve only when every level allows, and not when one denies them altogether', () => {
    const wide = level('deny', { effect: 'allow', destination: '*.example' });
    const partly = level('allow', { effect: 'deny', destination: 'a.example', ports: [25] }, { effect: 'deny', destination: 'b.example' });
    expect(['a.example', 'b.example', 'c.other'].map((name) => mayResolve([wide, partly], name))).toEqual([true, false, false]);
    expect([isRefused([partly], 'b.example'), isRefused([partly], 'a.example'), isRefused([wide], 'c.other')]).toEqual([
      true,
      false,
      false,
    ]);
  });
  it('give addresses to the sets of what was asked for; those of denials also by the names it stands for', () => {
    const { nameSets } = rules(
      level('deny', { effect: 'allow', destination: 'a.example' }, { effect: 'deny', destination: 'cdn.example', ports: [25] }),
    );
    const of = (...names: string[]) => setsOf(nameSets, names).map(({ effect }) => effect);
    expect(of('a.example', 'cdn.example')).toEqual(['deny', 'allow']);
    expect(of('x.example', 'a.example')).toEqual([]);
  });
});

describe('addresses behind names', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '93.184.216.1',
    '::1',
    'x',
  ])('%s is not given out', (address) => {
    expect(isPublic(address, ['93.184.216.0/24'])).toBe(false);
  });
  it.each(['8.8.8.8', '172.32.0.1', '203.0.113.9'])('%s is', (address) => {
    expect(isPublic(address, ['93.184.216.0/24'])).toBe(true);
  });
});
