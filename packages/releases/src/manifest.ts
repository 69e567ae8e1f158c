import { createHash } from 'node:crypto';

/** The same file as a browser may be sent it, compressed. A blob of its own. */
export interface Variant {
  readonly sha256: string;
  readonly size: number;
}

export interface ManifestFile extends Variant {
  /** Relative, with `/`; no `.` or `..` part. */
  readonly path: string;
  readonly br?: Variant;
  readonly gzip?: Variant;
  readonly zstd?: Variant;
}

export interface HeaderRule {
  readonly pattern: string;
  readonly set: readonly (readonly [name: string, value: string])[];
}

export interface RedirectRule {
  readonly from: string;
  readonly to: string;
  readonly status: number;
  readonly force: boolean;
}

/** What a static release is: every file by its hash, and the rules of its `_headers` and `_redirects`. Immutable. */
export interface Manifest {
  readonly version: 1;
  readonly files: readonly ManifestFile[];
  readonly headers: readonly HeaderRule[];
  readonly redirects: readonly RedirectRule[];
  readonly notFound: string | null;
  /** Exactly one HTML file, `index.html`, and no `404.html`: `spa: auto` means on. */
  readonly singlePage: boolean;
}

const variant = ({ sha256, size }: Variant): Variant => ({ sha256, size });

/** Canonical bytes: the same release is the same bytes, whoever encodes it. */
export const encodeManifest = (manifest: Manifest): Buffer => {
  const files = manifest.files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, sha256, size, br, gzip, zstd }) => ({
      ...{ path, sha256, size },
      ...(br && { br: variant(br) }),
      ...(gzip && { gzip: variant(gzip) }),
      ...(zstd && { zstd: variant(zstd) }),
    }));
  const headers = manifest.headers.map(({ pattern, set }) => ({ pattern, set }));
  const redirects = manifest.redirects.map(({ from, to, status, force }) => ({ from, to, status, force }));
  return Buffer.from(
    JSON.stringify({ version: 1, files, headers, redirects, notFound: manifest.notFound, singlePage: manifest.singlePage }),
  );
};

export const manifestSha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
