import { defineRoute, type Route } from '@miosa/http';
import { Type } from 'typebox';
import { OWNERSHIP_FIELDS } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { answer, DESCRIPTION } from '../publish/routes.ts';
import { Id, PUBLISH_FIELDS, PublishResult } from '../schemas.ts';
import { MAX_FILES, MAX_TOTAL_BYTES } from './check.ts';
import { createKnownUploads, type KnownUploads } from './known.ts';
import { createUpload, publishArchive, publishUpload, putBlob, putContents } from './service.ts';

const WRITE = { scope: 'deployments:write' } as const;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const MIB = 2 ** 20;

const FileEntry = Type.Object({
  path: Type.String({ minLength: 1, maxLength: 1024, description: 'relative, with `/`' }),
  sha256: Sha256,
  size_bytes: Type.Integer({ minimum: 0, maximum: MAX_TOTAL_BYTES }),
  mode: Type.Optional(Type.String({ pattern: '^[0-7]{3,4}$', description: 'default 0644' })),
});

const uploadRoutes = (core: Core, known: KnownUploads): Route[] => [
  defineRoute({
    id: 'deployments.uploads.create',
    method: 'POST',
    path: '/deployments/{id}/uploads',
    summary: 'List the files of a publish to come; the answer says which contents to send',
    description:
      'Contents that the organization has sent before are not missing. The upload expires after 24 h. To go on with one that broke off, ' +
      'list the same files again. Many small contents are sent in one request to `…/blobs`.',
    access: WRITE,
    params: Id,
    body: Type.Object({ files: Type.Array(FileEntry, { minItems: 1, maxItems: MAX_FILES }) }, { title: 'DeploymentUploadRequest' }),
    bodyLimitBytes: 32 * MIB,
    response: Type.Object(
      { id: Type.String(), missing: Type.Array(Type.String()), expires_at: Type.String({ format: 'date-time' }) },
      { title: 'DeploymentUpload' },
    ),
    status: 201,
    handler: (op, { params, body }) =>
      createUpload(op, core, params.id, body.files).then((upload) => ({ ...upload, missing: [...upload.missing] })),
  }),
  defineRoute({
    id: 'deployments.uploads.put',
    method: 'PUT',
    path: '/deployments/{id}/uploads/{upload_id}/blobs/{sha256}',
    summary: 'Send one content of an upload; repeating it is fine',
    access: WRITE,
    params: Type.Object({ id: Type.String({ maxLength: 64 }), upload_id: Type.String({ maxLength: 64 }), sha256: Sha256 }),
    body: 'raw',
    response: Type.Object({ sha256: Type.String(), size_bytes: Type.Integer() }, { title: 'DeploymentBlob' }),
    errors: ['GONE', 'PAYLOAD_TOO_LARGE', 'STORAGE_FULL'],
    handler: async (op, { params, body }) => ({
      sha256: params.sha256,
      size_bytes: await putBlob(op, core, known, { id: params.id, uploadId: params.upload_id, sha256: params.sha256 }, body),
    }),
  }),
  defineRoute({
    id: 'deployments.uploads.putMany',
    method: 'PUT',
    path: '/deployments/{id}/uploads/{upload_id}/blobs',
    summary: 'Send many contents of an upload; repeating it is fine',
    description: 'A tar.gz of at most 512 MiB. Each entry is a file whose name is the sha256 of its content, without a folder.',
    access: WRITE,
    params: Type.Object({ id: Type.String({ maxLength: 64 }), upload_id: Type.String({ maxLength: 64 }) }),
    body: 'raw',
    response: Type.Object({ contents: Type.Integer(), size_bytes: Type.Integer() }, { title: 'DeploymentBlobs' }),
    errors: ['GONE', 'PAYLOAD_TOO_LARGE', 'STORAGE_FULL'],
    handler: (op, { params, body }) => putContents(op, core, known, { id: params.id, uploadId: params.upload_id }, body),
  }),
];

const { metadata: _, ...QUERY_FIELDS } = PUBLISH_FIELDS;

export const createUploadRoutes = (core: Core): Route[] => [
  ...uploadRoutes(core, createKnownUploads()),
  defineRoute({
    id: 'deployments.versions.create',
    method: 'POST',
    path: '/deployments/{id}/versions',
    summary: 'Publish an upload, or the files of a tar.gz, as the next version',
    description:
      `${DESCRIPTION} The body is JSON with \`upload_id\`, or a tar.gz of at most 512 MiB with the other fields as query. ` +
      'An archive holds files and folders only; a single folder at its top is part of the paths (say `output_path`).',
    access: WRITE,
    bucket: 'publish',
    params: Id,
    query: Type.Object(QUERY_FIELDS),
    body: Type.Object(
      { upload_id: Type.String({ maxLength: 64 }), ...PUBLISH_FIELDS, ...OWNERSHIP_FIELDS },
      { title: 'DeploymentVersionCreateRequest' },
    ),
    streamTypes: ['application/gzip', 'application/x-gzip', 'application/x-tar+gzip', 'application/octet-stream'],
    response: PublishResult,
    status: 201,
    errors: ['OWNERSHIP_CONFLICT', 'STORAGE_FULL', 'CONFLICT', 'GONE'],
    handler: async (op, { params, query, body, stream }) => {
      if (stream !== undefined) return answer(op, core, await publishArchive(op, core, params.id, stream, query), query);
      return answer(op, core, await publishUpload(op, core, params.id, body.upload_id, body), body);
    },
  }),
];
