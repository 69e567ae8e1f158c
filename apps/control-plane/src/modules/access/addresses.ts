import { BlockList, isIP, isIPv4 } from 'node:net';
import { invalid } from '@miosa/kernel';

interface Range {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

const parse = (text: string): Range | null => {
  const [address = '', prefixText, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return null;
  const bits = version === 4 ? 32 : 128;
  if (prefixText !== undefined && !/^(?:0|[1-9][0-9]{0,2})$/.test(prefixText)) return null;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  return prefix > bits ? null : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
};

/** Addresses and CIDRs of a request as CIDRs; 422 for what is neither. */
export const normaliseCidrs = (path: string, entries: readonly string[]): string[] =>
  entries.map((entry, i) => {
    const range = parse(entry);
    if (range === null) throw invalid(`${path}[${i}]`, 'must be an IPv4 or IPv6 address or CIDR');
    return `${range.address}/${range.prefix}`;
  });

const listOf = (ranges: readonly (Range | null)[]): BlockList => {
  const list = new BlockList();
  for (const range of ranges) if (range !== null) list.addSubnet(range.address, range.prefix, range.family);
  return list;
};

/** IPv4 in its IPv6 dress is IPv4. */
const plain = (ip: string): string => {
  const inner = /^::ffff:([0-9.]+)$/i.exec(ip)?.[1];
  return inner !== undefined && isIPv4(inner) ? inner : ip;
};

/**
 * Whom an address stands for when calls are counted: with IPv6 its /64, since every customer of a network has at least that many. Unknown
 * addresses are one.
 */
export const networkOf = (ip: string | null): string => {
  const address = ip === null ? 'unknown' : plain(ip).replace(/%.*$/, '');
  if (isIP(address) !== 6) return address;
  // One spelling of many: lower case, no leading zeros, at most one `::`.
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const [head, tail] = [left, right ?? ''].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  const groups = [...(head ?? []), ...Array<string>(zeros).fill('0'), ...(tail ?? [])];
  return `${groups.slice(0, 4).join(':')}::/64`;
};

/** Null = no restriction. An unknown address passes no restriction. */
export const allowListOf = (cidrs: readonly string[]): ((ip: string | null) => boolean) | null => {
  if (cidrs.length === 0) return null;
  const list = listOf(cidrs.map(parse));
  return (ip) => {
    const address = ip === null ? '' : plain(ip);
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
};

/** Does every range of `inner` lie within one range of `outer`? An empty `outer` restricts nothing, an empty `inner` everything. */
export const withinCidrs = (inner: readonly string[], outer: readonly string[]): boolean => {
  if (outer.length === 0) return true;
  if (inner.length === 0) return false;
  return inner.every((text) => {
    const range = parse(text);
    if (range === null) return false;
    const holds = (candidate: Range | null): boolean =>
      candidate !== null &&
      candidate.family === range.family &&
      candidate.prefix <= range.prefix &&
      listOf([candidate]).check(range.address, range.family);
    return outer.map(parse).some(holds);
  });
};
