import type { Log } from '@miosa/kernel';
import { linkPrefix } from './addresses.ts';
import type { Nft } from './nft.ts';
import { NOT_PUBLIC } from './public-addresses.ts';

/** Of one sandbox at a time; a browser holds some hundreds. The host's table (262 144 here) must last for all. */
export const CONNECTIONS_MAX = 2048;

export interface FirewallOptions {
  readonly instance: string;
  /** This installation's share of the address pool, CIDR. */
  readonly addresses: string;
  /** Networks the host is part of, CIDR: its neighbours are not the public internet, whatever their addresses. */
  readonly hostNetworks: readonly string[];
  /** The one place that port 53 of a gateway leads to; null = no DNS. */
  readonly resolver: string | null;
  /** Our own name server: where port 53 of a gateway leads sandboxes that have a policy. */
  readonly nameServer: { readonly link: string; readonly address: string };
  /** Where hosts with brokered secrets are reached. */
  readonly egress: { readonly link: string };
}

/** Policies of sandboxes, loaded together with the table. */
export interface PolicyText {
  readonly inside: string;
  readonly after: string;
}
const NO_POLICIES: PolicyText = { inside: '', after: '' };

export const tableName = (instance: string): string => `miosa_${instance}`;

/**
 * The whole table; loading it replaces an older one in one transaction. Rules match the name prefix of our links, so slots come and go
 * without touching it. The host's own addresses are behind `input` (whatever the interface), other slots behind their /31 routes.
 */
export const firewallRules = (
  { instance, addresses, hostNetworks, resolver, nameServer, egress }: FirewallOptions,
  policies: PolicyText = NO_POLICIES,
): string => {
  const table = tableName(instance);
  const slots = `"${linkPrefix(instance)}*"`;
  const toGateway = `iifname ${slots} ip daddr ${addresses} fib daddr type local meta l4proto { tcp, udp } th dport 53`;
  const dns = [
    `    ip saddr @policed ${toGateway} dnat ip to ${nameServer.address}:53`,
    ...(resolver === null ? [] : [`    ${toGateway} dnat ip to ${resolver}:53`]),
  ];
  const dnsAccept =
    resolver === null ? [] : [`    iifname ${slots} ct status dnat ip daddr ${resolver} meta l4proto { tcp, udp } th dport 53 accept`];
  const server = `iifname "${nameServer.link}"`;
  const nameService = [
    `    iifname ${slots} oifname "${nameServer.link}" add @connections { ip saddr ct count over ${CONNECTIONS_MAX} } drop`,
    `    iifname ${slots} oifname "${nameServer.link}" ip saddr @policed ct status dnat meta l4proto { tcp, udp } th dport 53 accept`,
    ...(resolver === null ? [] : [`    ${server} ip daddr ${resolver} meta l4proto { tcp, udp } th dport 53 accept`]),
    `    ${server} drop`,
  ];
  const proxy = `iifname "${egress.link}"`;
  const toProxy = `iifname ${slots} oifname "${egress.link}" ip saddr @brokered`;
  // What it answers is accepted as established. It reaches what the public may reach, and the resolver; which of it for whom, it asks.
  const egressService = [
    `    ${toProxy} add @connections { ip saddr ct count over ${CONNECTIONS_MAX} } drop`,
    `    ${toProxy} tcp dport { 80, 443 } accept`,
    `    ${toProxy} meta l4proto tcp reject with tcp reset`,
    `    ${toProxy} reject with icmpx admin-prohibited`,
    ...(resolver === null ? [] : [`    ${proxy} ip daddr ${resolver} meta l4proto { tcp, udp } th dport 53 accept`]),
    `    ${proxy} ip daddr @not_public drop`,
    `    ${proxy} tcp dport { 80, 443 } accept`,
    `    ${proxy} drop`,
  ];
  return `table inet ${table} {}
delete table inet ${table}
table inet ${table} {
  set connections { type ipv4_addr; size 65535; flags dynamic; }
  set not_public { type ipv4_addr; flags interval; auto-merge; elements = { ${[...NOT_PUBLIC, ...hostNetworks].join(', ')} } }
  set policed { type ipv4_addr; }
  set brokered { type ipv4_addr; }
  map policies { type ipv4_addr : verdict; }
${policies.inside}  chain antispoof {
    type filter hook prerouting priority raw; policy accept;
    iifname ${slots} meta nfproto ipv6 drop
    iifname ${slots} fib saddr . iif oif missing drop
  }
  chain resolver {
    type nat hook prerouting priority dstnat; policy accept;
${dns.join('\n')}
  }
  chain host_in {
    type filter hook input priority filter - 5; policy accept;
    iifname ${slots} drop
  }
  chain host_out {
    type filter hook output priority filter - 5; policy accept;
    oifname ${slots} ct state established,related accept
    oifname ${slots} drop
  }
  chain pass {
    type filter hook forward priority filter - 5; policy accept;
    oifname ${slots} ct state established,related accept
${nameService.join('\n')}
${egressService.join('\n')}
    oifname ${slots} drop
    iifname ${slots} ip saddr vmap @policies
    iifname ${slots} ct state established,related accept
    iifname ${slots} ct state invalid drop
    iifname ${slots} add @connections { ip saddr ct count over ${CONNECTIONS_MAX} } drop
${dnsAccept.join('\n')}
    iifname ${slots} ip daddr @not_public drop
    iifname ${slots} meta l4proto { tcp, udp, icmp } accept
    iifname ${slots} drop
  }
  chain outside {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${addresses} ip daddr != ${addresses} masquerade
  }
}
${policies.after}`;
};

/** How long a flushed table or a changed resolver can last. */
const CHECK_MS = 10_000;

/**
 * Loads the table and keeps it: a host's administration may flush all rules (`systemctl restart nftables`), and its resolver and networks
 * change when it moves. Throws when the first load fails.
 */
export const keepFirewall = async (options: {
  readonly instance: string;
  readonly nft: Nft;
  readonly rules: () => FirewallOptions;
  readonly policies: () => PolicyText;
  readonly onChange: () => void;
  readonly log: Log;
}) => {
  const { instance, nft, log } = options;
  let loaded = '';
  let isStale = false;
  /** Within `nft.exclusive`. A load that fails is repeated by the next check. */
  const load = async (): Promise<void> => {
    const rules = options.rules();
    isStale = true;
    await nft.run(firewallRules(rules, options.policies()));
    if (loaded !== '') {
      log.warn({ changed: firewallRules(rules) !== loaded }, 'firewall loaded again');
      options.onChange();
    }
    loaded = firewallRules(rules);
    isStale = false;
  };
  const check = (): Promise<void> =>
    nft.exclusive(async () => {
      const isThere = (await nft.list(['list', 'chain', 'inet', tableName(instance), 'host_in'])) !== null;
      if (!isThere || isStale || firewallRules(options.rules()) !== loaded) await load();
    });
  await check();
  let checking = Promise.resolve();
  const timer = setInterval(() => {
    checking = check().catch((error: unknown) => log.error({ err: error }, 'firewall could not be checked'));
  }, CHECK_MS);
  timer.unref();
  return {
    load,
    close: async (): Promise<void> => {
      clearInterval(timer);
      await checking;
      await nft.run(`table inet ${tableName(instance)} {}\ndelete table inet ${tableName(instance)}\n`);
    },
  };
};
