import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeManifest } from './decode.ts';
import { encodeManifest, type Manifest } from './manifest.ts';

const [HASH, OTHER] = ['0'.repeat(64), 'f'.repeat(64)];
const manifest: Manifest = {
  version: 1,
  files: [
    { path: '404.html', sha256: HASH, size: 1 },
    { path: 'index.html', sha256: OTHER, size: 7, br: { sha256: HASH, size: 5 }, zstd: { sha256: HASH, size: 0 } },
  ],
  headers: [{ pattern: '/*', set: [['A', 'b']] }],
  redirects: [{ from: '/a/*', to: '/b/:splat', status: 301, force: true }],
  notFound: '404.html',
  singlePage: false,
};

it('what was encoded is decoded, and is the same bytes again whatever the order was', () => {
  const bytes = encodeManifest({ ...manifest, files: manifest.files.toReversed() });
  expect(decodeManifest(bytes)).toEqual(manifest);
  expect(encodeManifest(decodeManifest(bytes))).toEqual(bytes);
});

const file = manifest.files[0];
it.each([
  ['not JSON', '{'],
  ['another version', { ...manifest, version: 2 }],
  ['a list', [manifest]],
  ['no files', { ...manifest, files: undefined }],
  ['a path that leaves', { ...manifest, files: [{ ...file, path: '../a' }] }],
  ['a path that begins with a slash', { ...manifest, files: [{ ...file, path: '/a' }] }],
  ['a path twice', { ...manifest, files: [file, file] }],
  ['paths out of order', { ...manifest, files: manifest.files.toReversed() }],
  ['a short hash', { ...manifest, files: [{ ...file, sha256: 'ab' }] }],
  ['a hash that is a path', { ...manifest, files: [{ ...file, sha256: `${'../'.repeat(21)}a` }] }],
  ['a negative size', { ...manifest, files: [{ ...file, size: -1 }] }],
  ['a size that is text', { ...manifest, files: [{ ...file, size: '1' }] }],
  ['a broken variant', { ...manifest, files: [{ ...file, gzip: { sha256: HASH } }] }],
  ['a header that is not for a site', { ...manifest, headers: [{ pattern: '/*', set: [['Set-Cookie', 'a=b']] }] }],
  ['a header with a line end', { ...manifest, headers: [{ pattern: '/*', set: [['A', 'b\r\nC: d']] }] }],
  ['a redirect that is none', { ...manifest, redirects: [{ from: '/a', to: '//evil.example', status: 301, force: false }] }],
  ['a 404 page that is not there', { ...manifest, notFound: 'none.html' }],
  ['no word on single pages', { ...manifest, singlePage: undefined }],
])('%s is refused', (_name, value) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  expect(() => decodeManifest(Buffer.from(text))).toThrow();
});

it('any JSON is refused or is a manifest that encodes to itself', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      try {
        decodeManifest(Buffer.from(text));
        return false;
      } catch (error) {
        return error instanceof Error;
      }
    }),
  );
});
