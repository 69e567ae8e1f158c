import { createFsBlobs } from './fs.ts';
import type { BlobStore } from './port.ts';
import { createS3Blobs } from './s3.ts';
import type { S3Options } from './s3-client.ts';

/** Where contents are kept. */
export type BlobSettings = { readonly kind: 'fs'; readonly minFreeBytes: number } | ({ readonly kind: 's3' } & S3Options);

type Env = Readonly<Record<string, string | undefined>>;

const MIB = 2 ** 20;
const MIN_FREE_MIB = 512;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;
const REGION = /^[a-z0-9-]{1,50}$/;
const PARAMETERS = ['endpoint', 'region', 'path_style'];

const endpointOf = (text: string | null, mistakes: string[]): string | undefined => {
  if (text === null) return undefined;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search + url.hash + url.username === '')
    return url.origin;
  mistakes.push('the endpoint in MIOSA_BLOBS must be scheme, host and port, such as https://s3.example.com');
  return undefined;
};

const s3Of = (text: string, env: Env, mistakes: string[]): BlobSettings => {
  // Nothing of the text is repeated in messages: there may be a secret in the wrong place.
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    mistakes.push('MIOSA_BLOBS holds no credentials: set MIOSA_BLOBS_ACCESS_KEY_ID and MIOSA_BLOBS_SECRET_ACCESS_KEY');
  if (!BUCKET.test(url.host))
    mistakes.push('MIOSA_BLOBS names no bucket: s3://bucket, 3 to 63 lower-case letters, digits, dots and hyphens');
  const prefix = url.pathname.replace(/^\/|\/$/g, '');
  if (prefix !== '' && !PREFIX.test(prefix)) mistakes.push('the path in MIOSA_BLOBS must be letters, digits, dots, hyphens and slashes');
  for (const name of url.searchParams.keys())
    if (!PARAMETERS.includes(name)) mistakes.push(`MIOSA_BLOBS has the unknown parameter '${name}'; there are ${PARAMETERS.join(', ')}`);
  const region = url.searchParams.get('region') ?? 'us-east-1';
  if (!REGION.test(region)) mistakes.push('the region in MIOSA_BLOBS must be one such as eu-central-1');
  const endpoint = endpointOf(url.searchParams.get('endpoint'), mistakes);
  // What stores other than AWS' want, as a rule.
  const pathStyle = url.searchParams.get('path_style') ?? String(endpoint !== undefined);
  if (!['true', 'false'].includes(pathStyle)) mistakes.push('path_style in MIOSA_BLOBS must be true or false');
  const secret = (name: string): string => {
    const value = env[name] ?? '';
    if (value === '' || /\s/.test(value)) mistakes.push(`${name} must be set when MIOSA_BLOBS is an s3:// URL`);
    return value;
  };
  return {
    ...{ kind: 's3', bucket: url.host, prefix, region, forcePathStyle: pathStyle === 'true' },
    ...(endpoint === undefined ? {} : { endpoint }),
    accessKeyId: secret('MIOSA_BLOBS_ACCESS_KEY_ID'),
    secretAccessKey: secret('MIOSA_BLOBS_SECRET_ACCESS_KEY'),
  };
};

/** `MIOSA_BLOBS`: `fs` (default) or `s3://bucket/prefix?endpoint=…&region=…&path_style=…`. Adds a line to `mistakes` for each. */
export const readBlobSettings = (env: Env, mistakes: string[]): BlobSettings => {
  const text = env.MIOSA_BLOBS || 'fs';
  if (text.startsWith('s3://') && URL.canParse(text)) return s3Of(text, env, mistakes);
  if (text !== 'fs') mistakes.push('MIOSA_BLOBS must be fs or an s3:// URL such as s3://bucket/prefix?endpoint=https://s3.example.com');
  const free = env.MIOSA_BLOBS_MIN_FREE_MIB ?? String(MIN_FREE_MIB);
  if (!/^\d{1,8}$/.test(free)) mistakes.push('MIOSA_BLOBS_MIN_FREE_MIB must be a whole number of MiB');
  return { kind: 'fs', minFreeBytes: Number(free) * MIB };
};

export interface OpenOptions {
  /** For `fs`. */
  readonly folder: string;
  /** Of the one process that cleans up. */
  readonly sweeps?: boolean;
}

export const openBlobs = (settings: BlobSettings, options: OpenOptions): BlobStore =>
  settings.kind === 's3' ? createS3Blobs(settings) : createFsBlobs({ ...options, minFreeBytes: settings.minFreeBytes });
