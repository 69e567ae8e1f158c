import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { once } from '@miosa/db';
import { Fault, invalid, newId, notFound, type Op } from '@miosa/kernel';
import type { OwnershipRequest } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { getDeployment } from '../lifecycle/find.ts';
import { type KnownBlob, keepBlobs, useBlobs } from '../publish/blobs.store.ts';
import { isCompressible } from '../publish/compress.ts';
import { checkOwnership } from '../publish/service.ts';
import { type PublishRequest, type Started, startPublish } from '../publish/start.ts';
import { createStoring, keyOf, type SiteFile } from '../publish/storing.ts';
import { auditDeployment } from '../record.ts';
import type { UploadedFile } from '../types.ts';
import { readArchive, readContents } from './archive.ts';
import { bodyOf } from './body.ts';
import { createFileCheck } from './check.ts';
import type { KnownUpload, KnownUploads } from './known.ts';
import { findUpload, insertUpload } from './store.ts';
import { createTurns } from './turns.ts';

const LIVES_MS = 24 * 60 * 60 * 1000;
/** Held in memory while it comes; more goes through. */
const HELD_BYTES = 2 ** 20;
/** Contents that are compressed at once. */
const compressing = createTurns(4);
const MISSING_SHOWN = 10_000;

export interface Upload {
  readonly id: string;
  readonly missing: readonly string[];
  readonly expires_at: string;
}

const check = (files: readonly UploadedFile[]): void => {
  const checking = createFileCheck('files');
  const sizes = new Map<string, number>();
  for (const { path, sha256, size_bytes } of files) {
    checking.add(path, size_bytes);
    if ((sizes.get(sha256) ?? size_bytes) !== size_bytes) throw invalid('files', `${sha256} is listed with two sizes`);
    sizes.set(sha256, size_bytes);
  }
};

/** Contents the organization does not have yet; those it has are kept for the publish to come. */
const missingOf = async (core: Core, tenantId: string, files: readonly UploadedFile[]): Promise<string[]> => {
  const sizes = new Map(files.map(({ sha256, size_bytes }) => [sha256, size_bytes]));
  const known = await useBlobs(core.db.read, tenantId, [...sizes.keys()], core.now());
  for (const { sha256, sizeBytes } of known.values())
    if (sizes.get(sha256) !== sizeBytes) throw invalid('files', `the content ${sha256} has ${sizeBytes} bytes`);
  return [...sizes.keys()].filter((sha256) => !known.has(sha256));
};

/** The list of files of a publish to come, and which contents are to be sent. The same list again is how one goes on with what broke off. */
export const createUpload = (op: Op, core: Core, id: string, files: readonly UploadedFile[]): Promise<Upload> =>
  once<Upload>(op, 'deployments.uploads.create', async (keep) => {
    const deployment = await getDeployment(op, core, id);
    check(files);
    const missing = await missingOf(core, deployment.tenant_id, files);
    const now = core.now();
    const upload = { id: newId('upl', now.getTime()), missing, expires_at: new Date(now.getTime() + LIVES_MS).toISOString() };
    return core.db.tx(op, 'deployments.uploads.create', async (tx) => {
      const row = {
        ...{ id: upload.id, deployment_id: deployment.id, tenant_id: deployment.tenant_id },
        ...{ files: JSON.stringify(files), expires_at: new Date(upload.expires_at), created_at: now },
      };
      await insertUpload(tx, row, now);
      await auditDeployment(tx, op, 'deployments.uploads.create', deployment, {
        metadata: { upload_id: upload.id, files: files.length, missing: missing.length },
      });
      return keep(tx, upload);
    });
  });

const expired = (): Fault =>
  new Fault('GONE', 'The upload has expired. Make another one with the same files: what was sent is not sent again.', {
    details: { reason: 'upload_expired' },
  });

/** Whole when it is short. @throws VALIDATION_ERROR when the bytes are others than announced. */
const receive = async (core: Core, key: string, file: SiteFile, body: Readable): Promise<Buffer | null> => {
  const differs = (what: string): Fault => invalid('body', `the ${what} of the bytes sent is not the one of ${file.sha256}`);
  if (file.sizeBytes > HELD_BYTES) {
    await core.blobs.put(
      key,
      bodyOf(body, file.sizeBytes, () => differs('size')),
      file,
    );
    return null;
  }
  const pieces: Buffer[] = [];
  for await (const piece of bodyOf(body, file.sizeBytes, () => differs('size'))) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  if (bytes.length !== file.sizeBytes) throw differs('size');
  if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) throw differs('hash');
  return bytes;
};

export interface UploadName {
  readonly id: string;
  readonly uploadId: string;
}

const openUpload = async (core: Core, known: KnownUploads, deploymentId: string, uploadId: string): Promise<KnownUpload> => {
  const upload = await known.find(core.db.read, deploymentId, uploadId, core.now());
  if (upload === undefined) throw notFound();
  if (upload.expiresAt <= core.now()) throw expired();
  return upload;
};

/**
 * Many contents of an upload in one tar.gz. As `putBlob`, it has no audit entry of its own: the upload's names who sends what, and nothing is
 * published by it.
 */
export const putContents = async (op: Op, core: Core, known: KnownUploads, { id, uploadId }: UploadName, body: Readable) => {
  const deployment = await getDeployment(op, core, id);
  const { files } = await openUpload(core, known, deployment.id, uploadId);
  return readContents(core, deployment.tenant_id, body, files, op.signal);
};

export interface BlobName extends UploadName {
  readonly sha256: string;
}

/** One content of an upload; says its size. Repeating it is fine; it counts once it is stored as a whole. */
export const putBlob = async (
  op: Op,
  core: Core,
  known: KnownUploads,
  { id, uploadId, sha256 }: BlobName,
  body: Readable,
): Promise<number> => {
  const deployment = await getDeployment(op, core, id);
  const file = (await openUpload(core, known, deployment.id, uploadId)).files.get(sha256);
  if (file === undefined) throw invalid('sha256', 'is of none of the files of this upload');
  const tenantId = deployment.tenant_id;
  await useBlobs(core.db.read, tenantId, [sha256], core.now());
  const bytes = await receive(core, keyOf(tenantId, sha256), file, body);
  if (bytes === null && !isCompressible(file.path, file.sizeBytes)) {
    const blob: KnownBlob = { sha256, sizeBytes: file.sizeBytes, encodings: {} };
    await keepBlobs(core.db.read, tenantId, [blob], core.now());
    return file.sizeBytes;
  }
  await compressing(async () => {
    const storing = createStoring(core, tenantId, new Map());
    await storing.add(file, bytes ?? (await core.blobs.get(keyOf(tenantId, sha256))));
    await storing.flush();
  });
  return file.sizeBytes;
};

const ACTION = 'deployments.versions.create';

export interface UploadPublish extends PublishRequest, OwnershipRequest {}

/** Publishes what was uploaded. @throws CONFLICT with `details.missing`, GONE. */
export const publishUpload = async (op: Op, core: Core, id: string, uploadId: string, request: UploadPublish): Promise<Started> => {
  const deployment = await getDeployment(op, core, id);
  await checkOwnership(op, core, deployment, request);
  const upload = await findUpload(core.db.read, deployment.id, uploadId);
  if (upload === undefined) throw notFound();
  if (upload.expires_at <= core.now()) throw expired();
  const missing = await missingOf(core, deployment.tenant_id, upload.files);
  if (missing.length > 0) {
    throw new Fault('CONFLICT', `${missing.length} contents of the upload are missing. Send them, then publish again.`, {
      details: { reason: 'incomplete_upload', missing: missing.slice(0, MISSING_SHOWN), missing_count: missing.length },
    });
  }
  return startPublish(op, core, deployment, { source: { type: 'upload', files: upload.files }, request, action: ACTION });
};

/** Publishes the files of a tar.gz. One that is refused has published nothing, and nothing refers to what of it is stored already. */
export const publishArchive = async (op: Op, core: Core, id: string, body: Readable, request: PublishRequest): Promise<Started> => {
  const deployment = await getDeployment(op, core, id);
  const files = await readArchive(core, deployment.tenant_id, body, op.signal);
  return startPublish(op, core, deployment, { source: { type: 'upload', files }, request, action: ACTION });
};
