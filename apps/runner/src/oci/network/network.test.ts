import { parseNetworkPolicy } from '@miosa/kernel';
import { describe, expect, it } from 'vitest';
import { addressPlan, linkPrefix } from './addresses.ts';
import { firewallRules } from './firewall.ts';
import { mayConnect } from './names.ts';
import { upstreamResolver } from './resolver.ts';

describe('address plan', () => {
  it('gives every slot of every installation addresses, ids and a link of its own', () => {
    const slots = [0, 1, 15].flatMap((share) => {
      const plan = addressPlan('10.213.0.0/16', `aaaaa${share.toString(16)}`, share);
      return Array.from({ length: 1024 }, (_, index) => plan.slot(index));
    });
    for (const key of ['link', 'host', 'address', 'idBase'] as const)
      expect(new Set(slots.map((slot) => slot[key])).size).toBe(slots.length);
    expect(slots.every(({ idBase }) => idBase >= 2 ** 30 && idBase + 65_536 <= 2 ** 31)).toBe(true);
    expect(slots.every(({ link }) => link.length <= 15)).toBe(true);
  });
  it('keeps the two ends of a slot in one /31 and inside the share', () => {
    const plan = addressPlan('10.213.0.0/16', 'abcdef', 3);
    expect(plan).toMatchObject({ base: '10.213.48.0', prefix: 20, slotCount: 2048 });
    expect(plan.slot(2047)).toMatchObject({ host: '10.213.63.254', address: '10.213.63.255' });
  });
});

describe('firewall', () => {
  const options = {
    instance: 'abcdef',
    addresses: '10.213.0.0/20',
    hostNetworks: ['93.184.216.0/24'],
    resolver: '10.255.255.53',
    egress: { link: 'miabcdef-9' },
    nameServer: { link: 'miabcdef-2047', address: '10.213.15.255' },
  };
  it('refuses private, link-local, reserved and the networks of the host', () => {
    const set = /set not_public .*/.exec(firewallRules(options))?.[0] ?? '';
    for (const net of [
      '10.0.0.0/8',
      '100.64.0.0/10',
      '127.0.0.0/8',
      '169.254.0.0/16',
      '172.16.0.0/12',
      '192.168.0.0/16',
      '224.0.0.0/3',
      '93.184.216.0/24',
    ])
      expect(set).toContain(net);
  });
  it('matches only the links of its own installation', () => {
    const names = [...firewallRules(options).matchAll(/[io]ifname (\S+)/g)].map(([, name]) => name);
    expect(new Set(names)).toEqual(new Set([`"${linkPrefix('abcdef')}*"`, `"${linkPrefix('abcdef')}2047"`, `"${linkPrefix('abcdef')}9"`]));
  });
  it('lets port 53 of the gateway through to the resolver, for sandboxes with a policy to our own, and to nothing without one', () => {
    const dnat = (rules: string): string[] =>
      [...rules.matchAll(/(@policed )?iifname.* dnat ip to (\S+)/g)].map(([, own, to]) => `${own ?? ''}${to}`);
    expect(dnat(firewallRules(options))).toEqual(['@policed 10.213.15.255:53', '10.255.255.53:53']);
    expect(dnat(firewallRules({ ...options, resolver: null }))).toEqual(['@policed 10.213.15.255:53']);
  });
});

describe('upstream resolver', () => {
  it('passes over loopback stubs to the resolver behind them', () => {
    const files: Record<string, string> = {
      '/etc/resolv.conf': '# stub\nnameserver 127.0.0.53\nnameserver fd00::1\n',
      '/run/systemd/resolve/resolv.conf': 'nameserver 192.168.1.1\n',
    };
    expect(upstreamResolver((path) => files[path] ?? '')).toBe('192.168.1.1');
  });
  it('is null when only this host itself could answer', () => {
    expect(upstreamResolver(() => 'nameserver 127.0.0.1\n')).toBeNull();
  });
});

describe('what the proxy may connect to', () => {
  const policy = (default_effect: 'allow' | 'deny', rules: Parameters<typeof parseNetworkPolicy>[1]['rules']) =>
    parseNetworkPolicy('policy', { default_effect, rules });
  const api = { names: ['api.example.com', 'cdn.example.net'], address: '203.0.113.9', port: 443 };
  it.each([
    ['no level', [], true],
    ['deny of its address', [policy('allow', [{ effect: 'deny', destination: '203.0.113.0/24' }])], false],
    ['deny of a name that it stands for', [policy('allow', [{ effect: 'deny', destination: 'cdn.example.net' }])], false],
    ['deny of another port', [policy('allow', [{ effect: 'deny', destination: 'api.example.com', ports: [80] }])], true],
    ['deny of UDP', [policy('allow', [{ effect: 'deny', destination: 'api.example.com', protocol: 'udp' }])], true],
    ['default deny', [policy('deny', [])], false],
    ['allow by name', [policy('deny', [{ effect: 'allow', destination: '*.example.com', ports: ['400-500'] }])], true],
    ['allow of what it stands for only', [policy('deny', [{ effect: 'allow', destination: 'cdn.example.net' }])], false],
    ['allow by network', [policy('deny', [{ effect: 'allow', destination: '203.0.113.9/32' }])], true],
    ['allow of IPv6', [policy('deny', [{ effect: 'allow', destination: '::/0' }])], false],
    ['one of two levels', [policy('allow', []), policy('deny', [])], false],
  ])('%s', (_what, levels, may) => {
    expect(mayConnect(levels, api)).toBe(may);
  });
});
