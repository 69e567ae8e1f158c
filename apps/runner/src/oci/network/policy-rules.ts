import { isCidr, type NetworkPolicy, type NetworkRule } from '@miosa/kernel';

/** Destinations kept for `blockedTraffic`, per sandbox: a scan of the internet fills it and harms nobody. */
const BLOCKED_MAX = 1024;
/** Addresses behind allowed names at one time, per set. */
const ADDRESSES_MAX = 4096;
export const BLOCKED_FOR_SECONDS = 3600;

/** The addresses behind the hosts of rules that say the same of them. */
export interface NameSet {
  readonly name: string;
  readonly level: number;
  readonly effect: 'allow' | 'deny';
  readonly destinations: readonly string[];
}

export interface PolicyRules {
  /** Where the packets of the sandbox go. */
  readonly chain: string;
  readonly blockedSets: { readonly ports: string; readonly other: string };
  readonly nameSets: readonly NameSet[];
  readonly chains: readonly string[];
  readonly sets: readonly string[];
  /** Definitions inside the braces of a table. */
  readonly text: string;
}

const ports = (rule: NetworkRule): string =>
  `{ ${rule.ports.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(', ')} }`;

const service = (rule: NetworkRule): string => {
  const protocol = rule.protocol === 'any' ? '{ tcp, udp }' : rule.protocol;
  if (rule.ports.length > 0) return ` meta l4proto ${protocol} th dport ${ports(rule)}`;
  return rule.protocol === 'any' ? '' : ` meta l4proto ${protocol}`;
};

/** A host that may not be spoken to at all is refused by the resolver; only what is left open needs its addresses. */
export const isRefusedByName = (rule: NetworkRule): boolean =>
  rule.effect === 'deny' && !isCidr(rule.destination) && rule.ports.length === 0 && rule.protocol === 'any';

const network = (cidr: string): string => (cidr === '0.0.0.0/0' ? 'meta nfproto ipv4' : `ip daddr ${cidr}`);

interface Level {
  readonly lines: readonly string[];
  readonly sets: readonly NameSet[];
}

const levelRules = (prefix: string, policy: NetworkPolicy, level: number): Level => {
  const lines: string[] = [];
  const sets: NameSet[] = [];
  // Deny beats allow; under default allow, what is allowed by name needs no rule.
  for (const effect of policy.defaultEffect === 'deny' ? (['deny', 'allow'] as const) : (['deny'] as const)) {
    const verdict = effect === 'deny' ? `goto ${prefix}_drop` : 'return';
    const hosts = new Map<string, string[]>();
    for (const rule of policy.rules.filter((one) => one.effect === effect && !isRefusedByName(one))) {
      if (!isCidr(rule.destination)) hosts.set(service(rule), [...(hosts.get(service(rule)) ?? []), rule.destination]);
      // IPv6 does not leave a sandbox at all.
      else if (!rule.destination.includes(':')) lines.push(`${network(rule.destination)}${service(rule)} ${verdict}`);
    }
    for (const [match, destinations] of hosts) {
      const name = `${prefix}_${level}_${sets.length}`;
      sets.push({ name, level, effect, destinations });
      lines.push(`ip daddr @${name}${match} ${verdict}`);
    }
  }
  if (policy.defaultEffect === 'deny') lines.push(`goto ${prefix}_drop`);
  return { lines, sets };
};

/** Names that are refused mean little to a program that asks another resolver (53) or one behind TLS (853). */
const OTHER_RESOLVERS = 'meta l4proto { tcp, udp } th dport { 53, 853 }';

const block = (kind: string, name: string, lines: readonly string[]): string =>
  `  ${kind} ${name} {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n`;

/**
 * Chains and sets of one sandbox. `mark` stands for this policy on connections it let through: those of an earlier policy are judged
 * again. `connectionsMax` is the limit every sandbox has.
 */
export const policyRules = (
  prefix: string,
  levels: readonly NetworkPolicy[],
  { mark, connectionsMax }: { mark: number; connectionsMax: number },
): PolicyRules => {
  const judged = levels.map((policy, level) => levelRules(prefix, policy, level));
  const nameSets = judged.flatMap(({ sets }) => sets);
  const blockedSets = { ports: `${prefix}_blocked`, other: `${prefix}_other` };
  const deniesNames = levels.some(({ rules }) => rules.some((rule) => rule.effect === 'deny' && !isCidr(rule.destination)));
  const [drop, hidden, count] = [`${prefix}_drop`, `${prefix}_hidden`, `${prefix}_count`];
  const record = `timeout ${BLOCKED_FOR_SECONDS}s counter`;
  const chains: readonly (readonly [string, readonly string[]])[] = [
    [
      count,
      [
        `meta l4proto { tcp, udp } update @${blockedSets.ports} { ip daddr . meta l4proto . th dport ${record} }`,
        `meta l4proto != { tcp, udp } update @${blockedSets.other} { ip daddr . meta l4proto ${record} }`,
      ],
    ],
    // A program that meets its policy is told so; what nobody may reach looks as if it were not there.
    [drop, [`jump ${count}`, 'meta l4proto tcp reject with tcp reset', 'reject with icmpx admin-prohibited']],
    [hidden, [`jump ${count}`, 'drop']],
    ...judged.map(({ lines }, level) => [`${prefix}_${level}`, lines] as const),
    [
      prefix,
      [
        `ct state established,related ct mark ${mark} accept`,
        'ct state invalid drop',
        `add @connections { ip saddr ct count over ${connectionsMax} } drop`,
        `ip daddr @not_public goto ${hidden}`,
        `meta l4proto != { tcp, udp, icmp } goto ${drop}`,
        ...(deniesNames ? [`${OTHER_RESOLVERS} goto ${drop}`] : []),
        ...judged.map((_, level) => `jump ${prefix}_${level}`),
        `ct mark set ${mark} accept`,
      ],
    ],
  ];
  const text = [
    block('set', blockedSets.ports, [`type ipv4_addr . inet_proto . inet_service; size ${BLOCKED_MAX}; flags dynamic,timeout;`]),
    block('set', blockedSets.other, [`type ipv4_addr . inet_proto; size ${BLOCKED_MAX}; flags dynamic,timeout;`]),
    ...nameSets.map(({ name }) => block('set', name, [`type ipv4_addr; size ${ADDRESSES_MAX}; flags timeout;`])),
    ...chains.map(([name, lines]) => block('chain', name, lines)),
  ].join('');
  return {
    chain: prefix,
    blockedSets,
    nameSets,
    chains: chains.map(([name]) => name),
    sets: [blockedSets.ports, blockedSets.other, ...nameSets.map(({ name }) => name)],
    text,
  };
};

/** Into force, in a transaction that also holds the definitions. */
export const attachText = (table: string, address: string, { chain }: PolicyRules): string =>
  `add element inet ${table} policed { ${address} }\nadd element inet ${table} policies { ${address} : goto ${chain} }\n`;

/** Out of force, and gone; exact inverse of definitions and `attachText`. */
export const detachText = (table: string, address: string, { chain, chains, sets }: PolicyRules): string =>
  [
    `delete element inet ${table} policed { ${address} }`,
    `delete element inet ${table} policies { ${address} : goto ${chain} }`,
    ...chains.map((name) => `flush chain inet ${table} ${name}`),
    ...chains.toReversed().map((name) => `delete chain inet ${table} ${name}`),
    ...sets.map((name) => `delete set inet ${table} ${name}`),
    '',
  ].join('\n');

/** Adds addresses or extends their time: an element that is there keeps its old time when it is only added. */
export const grantText = (table: string, set: string, addresses: readonly string[], seconds: number): string =>
  addresses
    .map((address) => {
      const timed = `inet ${table} ${set} { ${address} timeout ${seconds}s }`;
      return `add element ${timed}\ndelete element inet ${table} ${set} { ${address} }\nadd element ${timed}\n`;
    })
    .join('');
