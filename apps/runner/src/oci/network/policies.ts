import { createHash } from 'node:crypto';
import { type NetworkPolicy, networkDigest, restrictiveLevels } from '@miosa/kernel';
import type { BlockedTraffic } from '@miosa/runtime';
import { BlockedRecord, blockedOf, since } from './blocked.ts';
import type { Found, Granted, Question, Verdict } from './dns/protocol.ts';
import { isRefused, matchesHost, mayResolve, setsOf } from './names.ts';
import type { Nft } from './nft.ts';
import { attachText, detachText, grantText, type PolicyRules, policyRules } from './policy-rules.ts';
import { isPublic } from './public-addresses.ts';
import type { Memory } from './remembered.ts';

/** An address that a name stood for may be reached this long at least: programs keep what they once looked up. */
const GRANT_LEAST_SECONDS = 120;
const GRANT_MOST_SECONDS = 3600;
/** Addresses taken from one answer, and names kept of one sandbox. */
const ADDRESSES_PER_ANSWER = 64;
const GRANTS_MAX = 2048;
/** What may be asked besides addresses; all else (also hints of addresses, HTTPS and SVCB) has an empty answer. */
const OTHER_TYPES = new Set(['CNAME', 'TXT', 'MX', 'SRV', 'NS', 'SOA', 'CAA', 'PTR', 'NAPTR']);

interface Grant {
  readonly names: readonly string[];
  readonly address: string;
  readonly until: number;
}

interface Policed {
  readonly id: string;
  readonly address: string;
  readonly levels: readonly NetworkPolicy[];
  readonly hosts: readonly string[];
  readonly rules: PolicyRules;
  readonly grants: Map<string, Grant>;
  readonly blocked: BlockedRecord;
}

/** Who is policed from the start: sandboxes that outlived the last runner. */
export interface Standing {
  readonly id: string;
  readonly address: string;
  readonly levels: readonly NetworkPolicy[];
  /** It has brokered secrets for them, and reaches them through the egress proxy. */
  readonly hosts: readonly string[];
}

export interface Policies {
  /** In force when it resolves. Without hosts, levels that forbid nothing take a policy out of force. */
  apply(standing: Standing): Promise<void>;
  /** Who has this address, if anything is in force there. */
  at(address: string): (Standing & { readonly blocked: BlockedRecord }) | undefined;
  /** When the sandbox has no process any more. */
  withdraw(id: string): Promise<void>;
  blocked(id: string, from: Date): Promise<readonly BlockedTraffic[]>;
  judge(question: Question): Verdict;
  grant(found: Found): Promise<Granted>;
  /** What goes with the whole table when that is loaded, in the same transaction: inside its braces, and after it. */
  text(): { readonly inside: string; readonly after: string };
  readonly any: boolean;
}

/** Same policy, same mark: what it let through is still let through after a restart of the runner. */
const markOf = (id: string, levels: readonly NetworkPolicy[]): number =>
  (createHash('sha256')
    .update(`${id} ${networkDigest(levels)}`)
    .digest()
    .readUInt32BE(0) |
    1) >>>
  0;

const isFree = ({ levels, hosts }: Pick<Standing, 'levels' | 'hosts'>): boolean =>
  hosts.length === 0 && restrictiveLevels(levels).length === 0;

export const createPolicies = (options: {
  readonly table: string;
  readonly connectionsMax: number;
  readonly nft: Nft;
  readonly hostNetworks: () => readonly string[];
  /** What hosts with brokered secrets resolve to. */
  readonly proxyAddress: string;
  readonly memory: Memory;
  readonly standing: readonly Standing[];
  /** Loads the whole table with `text()`: when a change fails because somebody has flushed it. */
  readonly reload: () => Promise<void>;
}): Policies => {
  const { table, nft, memory } = options;
  const policed = new Map<string, Policed>();
  const byAddress = new Map<string, Policed>();
  let generation = 0;

  const draft = ({ id, address, levels, hosts }: Standing, before: Pick<Policed, 'grants' | 'blocked'>): Policed => {
    generation += 1;
    const strict = restrictiveLevels(levels);
    const rules = policyRules(`p${generation}`, strict, { mark: markOf(id, strict), connectionsMax: options.connectionsMax });
    return { id, address, levels: strict, hosts, rules, grants: before.grants, blocked: before.blocked };
  };
  const keep = (one: Policed): void => {
    policed.set(one.id, one);
    byAddress.set(one.address, one);
  };
  const forget = (one: Policed): void => {
    if (policed.get(one.id) === one) policed.delete(one.id);
    if (byAddress.get(one.address) === one) byAddress.delete(one.address);
  };
  const save = (id: string): void =>
    memory.save(id, () => {
      const one = policed.get(id);
      return one === undefined ? null : { grants: [...one.grants.values()], blocked: one.blocked.all() };
    });

  /** What names stood for under an earlier policy, as far as this one allows them. */
  const grantsText = ({ rules, levels, grants }: Policed): string => {
    const now = Date.now();
    return [...grants.values()]
      .filter(({ names, until }) => until > now && mayResolve(levels, names[0] ?? '') && !names.some((name) => isRefused(levels, name)))
      .flatMap(({ names, address, until }) =>
        setsOf(rules.nameSets, names).map(({ name }) => grantText(table, name, [address], Math.ceil((until - now) / 1000))),
      )
      .join('');
  };
  const attached = ({ address, rules, hosts }: Policed): string =>
    `${attachText(table, address, rules)}${hosts.length === 0 ? '' : `add element inet ${table} brokered { ${address} }\n`}`;
  const detached = ({ address, rules, hosts }: Policed): string =>
    `${hosts.length === 0 ? '' : `delete element inet ${table} brokered { ${address} }\n`}${detachText(table, address, rules)}`;
  const fresh = (): Pick<Policed, 'grants' | 'blocked'> => ({ grants: new Map(), blocked: new BlockedRecord() });

  for (const one of options.standing) {
    if (isFree(one)) continue;
    const earlier = memory.load(one.id);
    const grants = new Map(earlier?.grants.map((grant) => [`${grant.names[0]} ${grant.address}`, grant]));
    keep(draft(one, { grants, blocked: new BlockedRecord(earlier?.blocked) }));
  }

  const listed = async (one: Policed): Promise<BlockedTraffic[]> => {
    const { ports, other } = one.rules.blockedSets;
    const listings = await Promise.all([ports, other].map((set) => nft.list(['list', 'set', 'inet', table, set])));
    return listings.flatMap((json) => (json === null ? [] : blockedOf(json, one.rules)));
  };
  const retire = async (one: Policed): Promise<void> => {
    for (const entry of await listed(one)) one.blocked.add(entry);
  };

  return {
    apply: (standing) =>
      nft.exclusive(async () => {
        const { id } = standing;
        const before = policed.get(id);
        if (before !== undefined) await retire(before);
        const after = isFree(standing) ? null : draft(standing, before ?? fresh());
        const text = [
          after === null ? '' : `table inet ${table} {\n${after.rules.text}}\n`,
          before === undefined ? '' : detached(before),
          after === null ? '' : `${attached(after)}${grantsText(after)}`,
        ].join('');
        if (before !== undefined) forget(before);
        if (after !== null) keep(after);
        if (text !== '') await nft.run(text).catch(options.reload);
        save(id);
      }),
    withdraw: (id) =>
      nft.exclusive(async () => {
        const one = policed.get(id);
        if (one === undefined) return;
        forget(one);
        await nft.run(detached(one)).catch(options.reload);
        save(id);
      }),
    blocked: async (id, from) => {
      const one = policed.get(id);
      if (one === undefined) return [];
      const all = new BlockedRecord(one.blocked.all());
      for (const entry of await listed(one)) all.add(entry);
      return since(all.all(), from);
    },
    judge: ({ source, name, type }) => {
      const one = byAddress.get(source);
      if (one === undefined) return 'refuse';
      if (!mayResolve(one.levels, name)) {
        one.blocked.add({ at: new Date().toISOString(), destination: name, port: null, protocol: 'dns', count: 1 });
        save(one.id);
        return 'refuse';
      }
      if (type === 'A' && one.hosts.some((host) => matchesHost(host, name))) return { instead: options.proxyAddress };
      return type === 'A' || OTHER_TYPES.has(type) ? 'forward' : 'empty';
    },
    grant: ({ source, names, addresses, ttl }) =>
      nft.exclusive(async () => {
        const one = byAddress.get(source);
        const [asked] = names;
        if (one === undefined || asked === undefined || !mayResolve(one.levels, asked)) return null;
        const refused = names.find((name) => isRefused(one.levels, name));
        if (refused !== undefined) {
          one.blocked.add({ at: new Date().toISOString(), destination: refused, port: null, protocol: 'dns', count: 1 });
          return null;
        }
        const networks = options.hostNetworks();
        const reachable = addresses.filter((address) => isPublic(address, networks)).slice(0, ADDRESSES_PER_ANSWER);
        const kept = Math.min(Math.max(ttl, 0), GRANT_MOST_SECONDS);
        const seconds = Math.max(kept + 30, GRANT_LEAST_SECONDS);
        const now = Date.now();
        const until = now + seconds * 1000;
        const sets = setsOf(one.rules.nameSets, names);
        const isFresh = (address: string): boolean => (one.grants.get(`${asked} ${address}`)?.until ?? 0) >= now + (kept + 1) * 1000;
        // Asked again and again, it costs nothing: what was granted outlives this answer.
        if (reachable.every(isFresh)) return { addresses: reachable, ttl: kept };
        const text = sets.map(({ name }) => grantText(table, name, reachable, seconds)).join('');
        if (text !== '') await nft.run(text);
        for (const address of sets.length === 0 ? [] : reachable) {
          const key = `${asked} ${address}`;
          one.grants.delete(key);
          one.grants.set(key, { names, address, until });
        }
        for (const key of one.grants.keys()) {
          if (one.grants.size <= GRANTS_MAX) break;
          one.grants.delete(key);
        }
        save(one.id);
        return { addresses: reachable, ttl: kept };
      }),
    text: () => {
      const all = [...policed.values()];
      return {
        inside: all.map(({ rules }) => rules.text).join(''),
        after: all.map((one) => `${attached(one)}${grantsText(one)}`).join(''),
      };
    },
    at: (address) => byAddress.get(address),
    get any() {
      return policed.size > 0;
    },
  };
};
