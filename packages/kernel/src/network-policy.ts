import { createHash } from 'node:crypto';
import { invalid } from './errors.ts';

export type NetworkEffect = 'allow' | 'deny';
export type NetworkProtocol = 'tcp' | 'udp' | 'any';

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** In canonical form: as `parseNetworkPolicy` returns it. */
export interface NetworkRule {
  readonly effect: NetworkEffect;
  /** `host.example`, `*.host.example` (subdomains only) or CIDR; lower-case ASCII, host bits zero. */
  readonly destination: string;
  /** Ascending and apart; empty = every port, and with `any` every protocol. */
  readonly ports: readonly PortRange[];
  readonly protocol: NetworkProtocol;
}

/** What one level (resource, workspace, organization, operator) allows. Deny beats allow; what no rule names has the default effect. */
export interface NetworkPolicy {
  readonly defaultEffect: NetworkEffect;
  readonly rules: readonly NetworkRule[];
}

/** On the wire and at rest (contract 4.2). */
export interface NetworkPolicyWire {
  readonly default_effect: NetworkEffect;
  readonly rules: readonly {
    readonly effect: NetworkEffect;
    readonly destination: string;
    readonly ports?: readonly (number | string)[] | undefined;
    readonly protocol?: NetworkProtocol | undefined;
  }[];
}

export const NETWORK_RULES_MAX = 200;
const PORTS_MAX = 50;

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/** Host of a URL in the form the WHATWG parser gives it (IDN to ASCII, IPv6 compact); null when it is none. */
const urlHost = (text: string): string | null => {
  try {
    return new URL(`http://${text}`).hostname;
  } catch {
    return null;
  }
};

const isIPv4 = (text: string): boolean => /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && urlHost(text) === text;
const isIPv6 = (text: string): boolean => /^[0-9a-f:.]+$/i.test(text) && urlHost(`[${text}]`) !== null;
const v6Compact = (text: string): string => urlHost(`[${text}]`)?.slice(1, -1) ?? '';

/** What ends a host in a URL, or is dropped or decoded by its parser. */
const NOT_IN_HOST = /[\s\p{Cc}/\\?#@:%[\]]/u;

/** Lower-case ASCII without a final dot; null when it is not a name that DNS and this platform can hold. */
export const canonicalHost = (text: string, labelsMin = 2): string | null => {
  if (NOT_IN_HOST.test(text)) return null;
  const ascii = urlHost(text.replace(/\.$/, '')) ?? '';
  const labels = ascii.split('.');
  if (ascii.length > 253 || labels.length < labelsMin || !labels.every((label) => LABEL.test(label))) return null;
  // A last label of digits would be an address in some spelling (`127.1`, `0x7f.1`).
  return /^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? null : ascii;
};

const v4Bits = (address: string): bigint => address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
const v4Text = (bits: bigint): string => [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');

/** The eight groups of an address that the URL parser has brought into canonical form. */
const v6Bits = (address: string): bigint => {
  const [head = '', tail] = v6Compact(address).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const last = tail === undefined ? [] : groups(tail);
  const middle = tail === undefined ? 0 : 8 - groups(head).length - last.length;
  const all = [...groups(head), ...Array.from({ length: middle }, () => '0'), ...last];
  return all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
};
const v6Text = (bits: bigint): string => {
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 65_535n).toString(16));
  return v6Compact(groups.join(':'));
};

/** `192.0.2.7` is `192.0.2.7/32`. Null when it is not an address or network, or has bits beyond its prefix. */
export const canonicalCidr = (text: string): string | null => {
  const [address = '', prefixText, ...more] = text.split('/');
  const width = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  if (width === 0 || more.length > 0 || (prefixText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefixText))) return null;
  const prefix = prefixText === undefined ? width : Number(prefixText);
  if (prefix > width) return null;
  const bits = width === 32 ? v4Bits(address) : v6Bits(address);
  const host = BigInt(width - prefix);
  if ((bits >> host) << host !== bits) return null;
  return `${width === 32 ? v4Text(bits) : v6Text(bits)}/${prefix}`;
};

export const isCidr = (destination: string): boolean => destination.includes('/');

const destinationOf = (path: string, text: string): string => {
  const given = text.trim();
  if (/[/:]/.test(given) || isIPv4(given)) {
    const cidr = canonicalCidr(given);
    if (cidr === null) throw invalid(path, 'is not a network such as 192.0.2.0/24, with no bits set beyond its prefix');
    return cidr;
  }
  const isWildcard = given.startsWith('*.');
  const host = isWildcard ? canonicalHost(given.slice(2), 1) : canonicalHost(given);
  if (host === null) throw invalid(path, 'is neither a host (api.example.com), all its subdomains (*.example.com) nor a network (CIDR)');
  return isWildcard ? `*.${host}` : host;
};

const rangeOf = (path: string, port: number | string): PortRange => {
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(port)) ?? [];
  const range = { from: Number(from), to: Number(to ?? from) };
  if (!(range.from >= 1 && range.to <= 65_535 && range.from <= range.to)) throw invalid(path, 'is not a port (1–65535) or a range "a-b"');
  return range;
};

const merged = (ranges: readonly PortRange[]): PortRange[] => {
  const out: PortRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last !== undefined && range.from <= last.to + 1) out[out.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    else out.push(range);
  }
  return out;
};

/** Checks and brings into canonical form. Throws VALIDATION_ERROR naming the field. Equal rules are kept once. */
export const parseNetworkPolicy = (path: string, wire: NetworkPolicyWire): NetworkPolicy => {
  if (wire.rules.length > NETWORK_RULES_MAX) throw invalid(`${path}.rules`, `at most ${NETWORK_RULES_MAX} rules`);
  const rules = wire.rules.map((rule, index): NetworkRule => {
    const at = `${path}.rules[${index}]`;
    const ports = rule.ports ?? [];
    if (rule.ports !== undefined && ports.length === 0) throw invalid(`${at}.ports`, 'leave it out to mean every port');
    if (ports.length > PORTS_MAX) throw invalid(`${at}.ports`, `at most ${PORTS_MAX} ports and ranges`);
    return {
      effect: rule.effect,
      destination: destinationOf(`${at}.destination`, rule.destination),
      ports: merged(ports.map((port, i) => rangeOf(`${at}.ports[${i}]`, port))),
      protocol: rule.protocol ?? 'any',
    };
  });
  const distinct = new Map(rules.map((rule) => [JSON.stringify(rule), rule]));
  return { defaultEffect: wire.default_effect, rules: [...distinct.values()] };
};

const oneOf = <T extends string>(values: readonly T[], value: unknown): value is T => values.some((known) => known === value);

/** For a policy whose shape nobody has checked: configuration, settings at rest. Throws VALIDATION_ERROR as `parseNetworkPolicy` does. */
export const networkPolicyOf = (path: string, value: unknown): NetworkPolicy => {
  const { default_effect, rules } = (value ?? {}) as { default_effect?: unknown; rules?: unknown };
  if (!oneOf(['allow', 'deny'], default_effect)) throw invalid(`${path}.default_effect`, 'is neither allow nor deny');
  if (!Array.isArray(rules)) throw invalid(`${path}.rules`, 'is not a list');
  rules.forEach((rule: Record<string, unknown> | null, index) => {
    const isRule =
      oneOf(['allow', 'deny'], rule?.effect) &&
      typeof rule?.destination === 'string' &&
      (rule.ports === undefined || Array.isArray(rule.ports)) &&
      (rule.protocol === undefined || oneOf(['tcp', 'udp', 'any'], rule.protocol));
    if (!isRule) throw invalid(`${path}.rules[${index}]`, 'is not a rule: effect, destination, ports?, protocol?');
  });
  return parseNetworkPolicy(path, { default_effect, rules });
};

export const networkPolicyWire = ({ defaultEffect, rules }: NetworkPolicy): NetworkPolicyWire => ({
  default_effect: defaultEffect,
  rules: rules.map(({ effect, destination, ports, protocol }) => ({
    effect,
    destination,
    ...(ports.length === 0 ? {} : { ports: ports.map(({ from, to }) => (from === to ? from : `${from}-${to}`)) }),
    protocol,
  })),
});

/** Default allow without a deny rule forbids nothing. */
export const isRestrictive = ({ defaultEffect, rules }: NetworkPolicy): boolean =>
  defaultEffect === 'deny' || rules.some(({ effect }) => effect === 'deny');

/** The levels that forbid something, in the order given. */
export const restrictiveLevels = (levels: readonly NetworkPolicy[]): readonly NetworkPolicy[] => levels.filter(isRestrictive);

/** Tells whether two machines obey the same levels; empty when nothing is forbidden. */
export const networkDigest = (levels: readonly NetworkPolicy[]): string => {
  const strict = restrictiveLevels(levels).map(networkPolicyWire);
  return strict.length === 0 ? '' : createHash('sha256').update(JSON.stringify(strict)).digest('hex').slice(0, 16);
};
