import { checkHeaderRules } from './header-rules.ts';
import type { HeaderRule, Manifest, ManifestFile, RedirectRule, Variant } from './manifest.ts';
import { checkRedirectRules } from './redirect-rules.ts';
import { isSitePath } from './site-path.ts';

/** 100,000 files with three variants each, at the longest names anybody uses. */
export const MAX_MANIFEST_BYTES = 128 * 1_048_576;
export const MAX_FILES = 100_000;

const SHA256 = /^[0-9a-f]{64}$/;

const wrong = (what: string): never => {
  throw new Error(`not a release manifest of version 1: ${what}`);
};

type Raw = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';

const isVariant = (value: unknown): value is Variant =>
  isObject(value) && isText(value.sha256) && SHA256.test(value.sha256) && Number.isSafeInteger(value.size) && (value.size as number) >= 0;

function assertFile(value: unknown, after: string): asserts value is ManifestFile {
  if (!isVariant(value)) return wrong('a file without hash or size');
  const { path, br, gzip, zstd } = value as Variant & Raw;
  if (!isText(path) || !isSitePath(path)) return wrong('a path that is none');
  if (after !== '' && path <= after) wrong('files out of order');
  for (const form of [br, gzip, zstd]) if (form !== undefined && !isVariant(form)) wrong(`a broken variant of "${path}"`);
}

const assertFiles = (files: readonly unknown[]): void => {
  if (files.length > MAX_FILES) wrong(`more than ${MAX_FILES} files`);
  let after = '';
  for (const file of files) {
    assertFile(file, after);
    after = file.path;
  }
};

const isField = (value: unknown): boolean => Array.isArray(value) && value.length === 2 && value.every(isText);
const isHeaderRule = (value: unknown): value is HeaderRule =>
  isObject(value) && isText(value.pattern) && Array.isArray(value.set) && value.set.every(isField);
const isRedirectRule = (value: unknown): value is RedirectRule =>
  isObject(value) && isText(value.from) && isText(value.to) && typeof value.status === 'number' && typeof value.force === 'boolean';

/** Checks all that serving relies on, so that a damaged manifest is refused as a whole. @throws Error that says what is wrong. */
export const decodeManifest = (bytes: Uint8Array): Manifest => {
  if (bytes.length > MAX_MANIFEST_BYTES) wrong(`larger than ${MAX_MANIFEST_BYTES} bytes`);
  const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  if (!isObject(value) || value.version !== 1) return wrong('another version');
  const { files, headers, redirects, notFound, singlePage } = value;
  if (!Array.isArray(files) || !Array.isArray(headers) || !Array.isArray(redirects)) return wrong('a list is missing');
  assertFiles(files);
  if (!headers.every(isHeaderRule) || !redirects.every(isRedirectRule)) return wrong('a rule that is none');
  checkHeaderRules(headers);
  checkRedirectRules(redirects);
  if (typeof singlePage !== 'boolean' || !(notFound === null || isText(notFound))) return wrong('a page is missing');
  if (notFound !== null && !files.some(({ path }) => path === notFound)) return wrong('its 404 page is not among its files');
  return value as unknown as Manifest;
};
