import type { BrokeredSecrets } from '@miosa/runtime';
import { type Destination, matchesHost, mayConnect, mayResolve } from '../names.ts';
import type { Policies } from '../policies.ts';
import { isPublic } from '../public-addresses.ts';
import { type Authority, openAuthority } from './authority.ts';
import type { Opened, Opening, Reaching } from './protocol.ts';

interface Entry {
  readonly given: BrokeredSecrets;
  readonly authority: Authority;
}

export const hostsOf = ({ secrets }: BrokeredSecrets): string[] => [...new Set(secrets.flatMap(({ hosts }) => hosts))].toSorted();

/** True values of the sandboxes of this host, in memory alone: after a restart they are given again, and until then nothing is let out. */
export interface Secrets {
  /** Returns the certificate to trust; null without secrets. */
  set(id: string, given: BrokeredSecrets): Promise<string | null>;
  forget(id: string): void;
  /** Of what was given last; empty = nothing. */
  version(id: string): string;
  open(opening: Opening): Promise<Opened | null>;
  reach(reaching: Reaching): readonly string[];
}

export const createSecrets = (options: {
  readonly policies: Pick<Policies, 'at'>;
  readonly hostNetworks: () => readonly string[];
}): Secrets => {
  const { policies } = options;
  const entries = new Map<string, Entry>();

  /** Who is there, if it may ask for this host at all. */
  const asker = (source: string, host: string, port: number): { readonly id: string } | null => {
    const one = policies.at(source);
    if (one === undefined || !one.hosts.some((pattern) => matchesHost(pattern, host))) return null;
    if (mayResolve(one.levels, host)) return one;
    one.blocked.add({ at: new Date().toISOString(), destination: host, port, protocol: 'tcp', count: 1 });
    return null;
  };
  return {
    set: async (id, given) => {
      if (given.secrets.length === 0) {
        entries.delete(id);
        return null;
      }
      const authority = await openAuthority(id, Buffer.from(given.seed, 'base64url'), hostsOf(given));
      entries.set(id, { given, authority });
      return authority.trust;
    },
    forget: (id) => void entries.delete(id),
    version: (id) => entries.get(id)?.given.version ?? '',
    open: async ({ source, host, port }) => {
      const one = asker(source, host, port);
      const entry = one === null ? undefined : entries.get(one.id);
      if (entry === undefined) return null;
      if (port === 80) return { certificate: '', key: '', secrets: [] };
      const secrets = entry.given.secrets
        .filter(({ hosts }) => hosts.some((pattern) => matchesHost(pattern, host)))
        .map(({ placeholder, value }) => ({ placeholder, value }));
      return { ...(await entry.authority.leaf(host)), secrets };
    },
    reach: ({ source, names, addresses, port }) => {
      const [host = ''] = names;
      const one = asker(source, host, port) === null ? undefined : policies.at(source);
      if (one === undefined) return [];
      const networks = options.hostNetworks();
      const open = addresses.filter((address) => isPublic(address, networks));
      const allowed = open.filter((address) => mayConnect(one.levels, { names, address, port } satisfies Destination));
      for (const destination of open.filter((address) => !allowed.includes(address)))
        one.blocked.add({ at: new Date().toISOString(), destination, port, protocol: 'tcp', count: 1 });
      return allowed;
    },
  };
};
