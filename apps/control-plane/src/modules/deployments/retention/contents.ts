import { decodeManifest } from '@miosa/releases';
import { type Core, systemOp } from '../deps.ts';
import { keyOf } from '../publish/storing.ts';
import {
  deleteBlobs,
  doomUnknown,
  doomUnused,
  type Holder,
  holdersAfter,
  lockDoomed,
  purgeBuildLines,
  purgeUploads,
  tenantsWithUnused,
  touchBlobs,
  touchUpload,
} from './contents.store.ts';

/**
 * How contents go, and why none goes that is wanted:
 *
 * 1. What refers to contents is gone through and they are marked as used. What was not used for two days after that is doomed: a publish or
 *    an upload marks what it relies on when it begins, and has ended, or been given up, long before.
 * 2. To whoever wants a doomed content it is unknown (`useBlobs`): the row goes under its lock, and the content is stored again.
 * 3. A day later those that are still doomed go, the content first, under the lock of the row. A crash in between leaves a doomed row, never a
 *    row that promises a content which is not there. The day is for who looked before a row was doomed: `keepBlobs` takes the doom off it.
 */
const HOUR_MS = 3600_000;
const UNUSED_MS = 48 * HOUR_MS;
const DOOMED_MS = 24 * HOUR_MS;
/** A mark is renewed when it is older: most of a pass then changes nothing. */
const MARK_MS = 24 * HOUR_MS;
const BUILD_LINES_KEPT_MS = 30 * 24 * HOUR_MS;

const TENANTS_AT_ONCE = 100;
const HOLDERS_AT_ONCE = 500;
const HASHES_AT_ONCE = 5000;
const DELETED_AT_ONCE = 200;
const LISTED_AT_ONCE = 1000;
const ROWS_AT_ONCE = 10_000;
const NAME = 'deployments.contents';

const ago = (core: Core, ms: number): Date => new Date(core.now().getTime() - ms);

/** All contents a static release serves. @throws when its manifest cannot be read: then nothing may be doomed. */
const hashesOf = async (core: Core, tenantId: string, manifestSha256: string): Promise<string[]> => {
  const { files } = decodeManifest(await core.blobs.get(keyOf(tenantId, manifestSha256)));
  const forms = files.flatMap(({ sha256, br, gzip, zstd }) => [sha256, br?.sha256, gzip?.sha256, zstd?.sha256]);
  return [...new Set([manifestSha256, ...forms.filter((sha256) => sha256 !== undefined)])];
};

const markHeld = async (core: Core, tenantId: string, { id, manifest_sha256, is_upload }: Holder): Promise<void> => {
  const stale = ago(core, MARK_MS);
  if (is_upload) await touchUpload(core.db.read, tenantId, id, core.now(), stale);
  const hashes = manifest_sha256 === null ? [] : await hashesOf(core, tenantId, manifest_sha256);
  for (let at = 0; at < hashes.length; at += HASHES_AT_ONCE)
    await touchBlobs(core.db.read, tenantId, hashes.slice(at, at + HASHES_AT_ONCE), core.now(), stale);
};

const markUsed = async (core: Core, tenantId: string): Promise<void> => {
  for (let after = ''; ; ) {
    const holders = await holdersAfter(core.db.read, tenantId, after, HOLDERS_AT_ONCE);
    for (const holder of holders) {
      core.stopping.throwIfAborted();
      await markHeld(core, tenantId, holder);
    }
    const last = holders.at(-1);
    if (last === undefined || holders.length < HOLDERS_AT_ONCE) return;
    after = last.id;
  }
};

const doomOf = async (core: Core, tenantId: string, before: Date): Promise<void> => {
  try {
    await markUsed(core, tenantId);
    const doomed = await doomUnused(core.db.read, tenantId, before, core.now());
    if (doomed > 0) core.log.info({ tenantId, contents: doomed }, 'contents that nothing refers to will be removed');
  } catch (error) {
    if (core.stopping.aborted) return;
    core.log.error({ err: error, tenantId }, 'contents of an organization cannot be gone through; none of them is removed');
  }
};

/** Contents nothing refers to. */
export const doomContents = async (core: Core): Promise<void> => {
  const before = ago(core, UNUSED_MS);
  for (let after: string | null = null; ; ) {
    const tenants: string[] = await tenantsWithUnused(core.db.read, before, after, TENANTS_AT_ONCE);
    for (const tenantId of tenants) {
      if (core.stopping.aborted) return;
      await doomOf(core, tenantId, before);
    }
    const last = tenants.at(-1);
    if (last === undefined || tenants.length < TENANTS_AT_ONCE) return;
    after = last;
  }
};

/** What a process that died has left in the store without a row. */
export const doomLeftContents = async (core: Core): Promise<void> => {
  const before = ago(core, UNUSED_MS);
  let tenant = '';
  let batch: { sha256: string; sizeBytes: number }[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await doomUnknown(core.db.read, tenant, batch, core.now());
    batch = [];
  };
  for await (const { key, sizeBytes, modifiedAt } of core.blobs.list('')) {
    if (core.stopping.aborted) return;
    if (modifiedAt >= before) continue;
    const [tenantId = '', sha256 = ''] = key.split('/');
    if (tenantId !== tenant || batch.length >= LISTED_AT_ONCE) await flush();
    tenant = tenantId;
    batch.push({ sha256, sizeBytes });
  }
  await flush();
};

/** Removes what was doomed long enough ago; says how many. */
export const removeDoomed = async (core: Core): Promise<number> => {
  const op = systemOp(core, '', NAME);
  for (let removed = 0; ; ) {
    if (core.stopping.aborted) return removed;
    // Removing a content twice is no harm, so the transaction may be repeated.
    const gone = await core.db.tx(op, 'deployments.contents.remove', async (tx) => {
      const doomed = await lockDoomed(tx, ago(core, DOOMED_MS), DELETED_AT_ONCE);
      await core.blobs.delete(doomed.map(({ tenant_id, sha256 }) => keyOf(tenant_id, sha256)));
      await deleteBlobs(tx, doomed);
      return doomed.length;
    });
    removed += gone;
    if (gone < DELETED_AT_ONCE) return removed;
  }
};

/** Output of old builds, and uploads nobody finished. */
export const forgetOldRows = async (core: Core): Promise<void> => {
  while ((await purgeBuildLines(core.db.read, ago(core, BUILD_LINES_KEPT_MS), ROWS_AT_ONCE)) === ROWS_AT_ONCE)
    core.stopping.throwIfAborted();
  while ((await purgeUploads(core.db.read, core.now(), ROWS_AT_ONCE)) === ROWS_AT_ONCE) core.stopping.throwIfAborted();
};
