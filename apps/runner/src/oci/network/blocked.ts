import type { BlockedTraffic } from '@miosa/runtime';
import { BLOCKED_FOR_SECONDS, type PolicyRules } from './policy-rules.ts';

const ENTRIES_MAX = 2048;
const ANSWER_MAX = 1000;

const keyOf = ({ destination, port, protocol }: BlockedTraffic): string => `${protocol} ${port} ${destination}`;

/** A bounded record; the oldest entries go first. */
export class BlockedRecord {
  readonly #entries = new Map<string, BlockedTraffic>();

  constructor(entries: readonly BlockedTraffic[] = []) {
    for (const entry of entries) this.add(entry);
  }

  add(entry: BlockedTraffic): void {
    const key = keyOf(entry);
    const before = this.#entries.get(key);
    this.#entries.delete(key);
    const at = before !== undefined && before.at > entry.at ? before.at : entry.at;
    this.#entries.set(key, { ...entry, at, count: entry.count + (before?.count ?? 0) });
    if (this.#entries.size > ENTRIES_MAX) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
  }

  all(now = Date.now()): BlockedTraffic[] {
    const since = new Date(now - BLOCKED_FOR_SECONDS * 1000).toISOString();
    return [...this.#entries.values()].filter(({ at }) => at >= since);
  }
}

/** Newest first. */
export const since = (entries: readonly BlockedTraffic[], from: Date): BlockedTraffic[] =>
  entries
    .filter(({ at }) => at >= from.toISOString())
    .sort((a, b) => b.at.localeCompare(a.at))
    .slice(0, ANSWER_MAX);

const PROTOCOLS: Readonly<Record<string, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp' };

interface SetElement {
  readonly elem?: {
    readonly val: { readonly concat: readonly (string | number)[] };
    readonly expires?: number;
    readonly counter?: { readonly packets: number };
  };
}
interface Listing {
  readonly nftables: readonly { readonly set?: { readonly name: string; readonly elem?: readonly SetElement[] } }[];
}

/** Entries of the sets that the drop chain fills, from `nft --json list`. Every packet renews an element's time, which tells the last one's. */
export const blockedOf = (json: string, { blockedSets }: Pick<PolicyRules, 'blockedSets'>, now = Date.now()): BlockedTraffic[] => {
  const { nftables } = JSON.parse(json) as Listing;
  return nftables.flatMap(({ set }) => {
    if (set === undefined || (set.name !== blockedSets.ports && set.name !== blockedSets.other)) return [];
    return (set.elem ?? []).flatMap(({ elem }) => {
      if (elem === undefined) return [];
      const [destination, protocol, port] = elem.val.concat;
      const ageSeconds = BLOCKED_FOR_SECONDS - (elem.expires ?? BLOCKED_FOR_SECONDS);
      return [
        {
          at: new Date(now - ageSeconds * 1000).toISOString(),
          destination: String(destination),
          port: typeof port === 'number' ? port : null,
          protocol: PROTOCOLS[String(protocol)] ?? String(protocol),
          count: elem.counter?.packets ?? 1,
        },
      ];
    });
  });
};
