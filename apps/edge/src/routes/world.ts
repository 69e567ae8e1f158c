import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@miosa/kernel';
import { createMirror } from './mirror.ts';
import type { KeyRecord, RouteStore, SandboxRoute, ShareRecord } from './types.ts';

type Listen = (channel: string, onPayload: (payload: string) => void, onGap: () => void) => Promise<unknown>;

/** What changed. `everything`: notifications may have been lost. */
export type Change =
  | { readonly kind: 'sandbox'; readonly slug: string }
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'everything' };

/** The edge's memory of sandboxes, shares and keys: serves while the database is down, follows changes within milliseconds while it is up. */
export interface World {
  sandbox(slug: string): Promise<SandboxRoute | null>;
  /** As `sandbox`, but surely not older than this call (unless the database is down). */
  sandboxNow(slug: string): Promise<SandboxRoute | null>;
  sandboxById(id: string): Promise<SandboxRoute | null>;
  /** By the SHA-256 of the token, base64url. */
  share(hash: string): Promise<ShareRecord | null>;
  key(id: string): Promise<KeyRecord>;
  onChange(hear: (change: Change) => void): void;
  /** Subscribes to the database's notifications; tries until it succeeds or `signal` ends it. */
  follow(listen: Listen, signal: AbortSignal): Promise<void>;
  /** Grows with every change: what was judged under another version may be out of date. */
  readonly version: number;
  /** True once notifications arrive. */
  readonly following: boolean;
  readonly sandboxesKnown: number;
}

export const createWorld = ({ store, log }: { readonly store: RouteStore; readonly log: Log }): World => {
  const onLoadFailed = (error: unknown): void => log.warn({ error }, 'the route source did not answer; serving what is known');
  const bySlug = createMirror<SandboxRoute>({ load: store.sandboxBySlug, onLoadFailed });
  const byId = createMirror<SandboxRoute>({ load: store.sandboxById, onLoadFailed });
  const shares = createMirror<ShareRecord>({ load: (hash) => store.share(Buffer.from(hash, 'base64url')), onLoadFailed });
  const keys = createMirror<KeyRecord>({ load: store.key, onLoadFailed });
  const hearers: ((change: Change) => void)[] = [];
  let version = 0;
  const tell = (change: Change): void => {
    for (const hear of hearers) hear(change);
  };
  let following = false;

  const sandboxChanged = (id: string): void => {
    version++;
    // Of an organization, when its settings change: every route of it.
    const concerns = (value: SandboxRoute | null): boolean => value === null || value.id === id || value.tenantId === id;
    byId.invalidate(concerns);
    shares.invalidate((share) => share === null || share.sandboxId === id);
    for (const slug of bySlug.invalidate(concerns)) tell({ kind: 'sandbox', slug });
  };
  const keyChanged = (id: string): void => {
    version++;
    keys.invalidate((key) => key?.id === id);
    tell({ kind: 'key', id });
  };
  const everythingChanged = (): void => {
    version++;
    for (const mirror of [bySlug, byId, shares, keys]) mirror.invalidate(() => true);
    tell({ kind: 'everything' });
  };

  return {
    sandbox: bySlug.get,
    sandboxNow: (slug) => {
      bySlug.invalidate((route) => route === null || route.slug === slug);
      return bySlug.get(slug);
    },
    sandboxById: byId.get,
    share: shares.get,
    key: async (id) => (await keys.get(id)) ?? { id, revokedAt: null, expiresAt: null },
    onChange: (hear) => void hearers.push(hear),
    follow: async (listen, signal) => {
      while (!signal.aborted) {
        try {
          await listen('miosa_routes', sandboxChanged, everythingChanged);
          await listen('miosa_keys', keyChanged, everythingChanged);
          following = true;
          return everythingChanged();
        } catch (error) {
          log.warn({ error }, 'cannot follow changes yet; trying again');
          await sleep(500, undefined, { signal, ref: false }).catch(() => undefined);
        }
      }
    },
    get version() {
      return version;
    },
    get following() {
      return following;
    },
    get sandboxesKnown() {
      return bySlug.size;
    },
  };
};
