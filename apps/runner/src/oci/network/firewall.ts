import { spawn } from 'node:child_process';
import type { Log } from '@miosa/kernel';
import { command } from '../command.ts';
import { linkPrefix } from './addresses.ts';

/**
 * What a sandbox must never reach: everything that is not the public internet (IANA special-purpose registry). It covers metadata
 * services (169.254.0.0/16), carrier and private networks, multicast, broadcast and reserved. The documentation nets 198.51.100.0/24
 * and 203.0.113.0/24 are not in it: no network on the internet has them, and closed test networks use them as their outside.
 */
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];
/** Of one sandbox at a time; a browser holds some hundreds. The host's table (262 144 here) must last for all. */
const CONNECTIONS_MAX = 2048;

export interface FirewallOptions {
  readonly instance: string;
  /** This installation's share of the address pool, CIDR. */
  readonly addresses: string;
  /** Networks the host is part of, CIDR: its neighbours are not the public internet, whatever their addresses. */
  readonly hostNetworks: readonly string[];
  /** The one place that port 53 of a gateway leads to; null = no DNS. */
  readonly resolver: string | null;
}

export const tableName = (instance: string): string => `miosa_${instance}`;

/**
 * The whole table; loading it replaces an older one in one transaction. Rules match the name prefix of our links, so slots come and go
 * without touching it. The host's own addresses are behind `input` (whatever the interface), other slots behind their /31 routes.
 */
export const firewallRules = ({ instance, addresses, hostNetworks, resolver }: FirewallOptions): string => {
  const table = tableName(instance);
  const slots = `"${linkPrefix(instance)}*"`;
  const dns =
    resolver === null
      ? []
      : ['udp', 'tcp'].map(
          (protocol) => `    iifname ${slots} ip daddr ${addresses} fib daddr type local ${protocol} dport 53 dnat ip to ${resolver}:53`,
        );
  const dnsAccept =
    resolver === null ? [] : [`    iifname ${slots} ct status dnat ip daddr ${resolver} meta l4proto { tcp, udp } th dport 53 accept`];
  return `table inet ${table} {}
delete table inet ${table}
table inet ${table} {
  set connections { type ipv4_addr; size 65535; flags dynamic; }
  set not_public { type ipv4_addr; flags interval; auto-merge; elements = { ${[...NOT_PUBLIC, ...hostNetworks].join(', ')} } }
  chain antispoof {
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
    oifname ${slots} drop
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
`;
};

const nft = (args: string[], input: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn('nft', args, { stdio: ['pipe', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`nft: ${text.trim()}`))));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });

/** How long a flushed table or a changed resolver can last. */
const CHECK_MS = 10_000;

/**
 * Loads the table and keeps it: a host's administration may flush all rules (`systemctl restart nftables`), and its resolver and networks
 * change when it moves. Throws when the first load fails.
 */
export const keepFirewall = async (options: { instance: string; rules: () => string; log: Log }) => {
  const { instance, rules, log } = options;
  let loaded = '';
  const check = async (): Promise<void> => {
    const wanted = rules();
    const isThere = await command('nft', 'list', 'chain', 'inet', tableName(instance), 'host_in').then(
      () => true,
      () => false,
    );
    if (isThere && wanted === loaded) return;
    await nft(['-f', '-'], wanted);
    if (loaded !== '') log.warn({ changed: wanted !== loaded, missing: !isThere }, 'firewall loaded again');
    loaded = wanted;
  };
  await check();
  let checking = Promise.resolve();
  const timer = setInterval(() => {
    checking = check().catch((error: unknown) => log.error({ err: error }, 'firewall could not be checked'));
  }, CHECK_MS);
  timer.unref();
  return {
    close: async (): Promise<void> => {
      clearInterval(timer);
      await checking;
      await nft(['-f', '-'], `table inet ${tableName(instance)} {}\ndelete table inet ${tableName(instance)}\n`);
    },
  };
};
