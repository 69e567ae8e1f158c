import type { BlobStore } from '@miosa/blobs';
import { Fault } from '@miosa/kernel';
import { createSite, decodeManifest, type Found, manifestSha256 as manifestSha256Of, type Site } from '@miosa/releases';
import type { SiteTarget } from '../deployments/sites.ts';
import { PREPARED_BYTES, type Prepared, prepare } from './heads.ts';
import { createLru } from './lru.ts';

/** A site in memory with the answers made so far. */
export interface HeldSite {
  readonly key: string;
  readonly site: Site;
  readonly prepared: Map<number | string, Prepared>;
}

/** Of the record itself. */
const HELD_BYTES = 512;

/** A field of the answer itself would stand above the one that is set for all answers under a staged address. */
const unlisted = (site: Site): Site => ({
  ...site,
  fields: (rules) => site.fields(rules).filter(([name]) => name.toLowerCase() !== 'x-robots-tag'),
});

/** Sites by organization, manifest, fallback rule and kind of address; read and taken apart once, however many visitors come at the same time. */
export const createSites = (blobs: BlobStore, maxBytes: number) => {
  const held = createLru<HeldSite>(maxBytes);
  const loading = new Map<string, Promise<HeldSite>>();

  const load = async (key: string, { tenantId, manifestSha256, spa, staged }: SiteTarget): Promise<HeldSite> => {
    const bytes = await blobs.get(`${tenantId}/${manifestSha256}`);
    if (manifestSha256Of(bytes) !== manifestSha256) throw new Fault('INTERNAL', 'The manifest is damaged.', { internal: key });
    const site = createSite(decodeManifest(bytes), { spa });
    const loaded: HeldSite = { key, site: staged ? unlisted(site) : site, prepared: new Map() };
    held.add(key, loaded, site.bytes + HELD_BYTES);
    return loaded;
  };

  return {
    /** At once when it is in memory. */
    find: (target: SiteTarget): HeldSite | Promise<HeldSite> => {
      const key = `${target.tenantId}/${target.manifestSha256}/${target.spa}${target.staged ? '/staged' : ''}`;
      const known = held.get(key)?.value ?? null;
      if (known !== null) return known;
      const under = loading.get(key);
      if (under !== undefined) return under;
      const started = load(key, target).finally(() => loading.delete(key));
      loading.set(key, started);
      return started;
    },
    /** The prepared answer for one form of a file. */
    prepared: ({ key, site, prepared }: HeldSite, found: Found, encoding: number): Prepared => {
      const number = found.number * 8 + encoding * 2 + (found.status === 404 ? 1 : 0);
      const at = found.rules.length === 0 ? number : `${number}:${found.rules.join()}`;
      const known = prepared.get(at);
      if (known !== undefined) return known;
      const made = prepare(site, found, encoding);
      prepared.set(at, made);
      held.grow(key, PREPARED_BYTES);
      return made;
    },
  };
};

export type HeldSites = ReturnType<typeof createSites>;
