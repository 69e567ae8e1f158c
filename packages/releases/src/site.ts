import { createFileTable, type FileTable } from './file-table.ts';
import { createHeaderRules } from './header-rules.ts';
import type { HeaderRule, Manifest } from './manifest.ts';
import { createRedirects, type Redirected } from './redirect-rules.ts';
import { ascii, encodePath } from './redirect-target.ts';
import { decodeRequestPath } from './site-path.ts';

export interface SiteOptions {
  /** Whether unknown paths without an extension show `index.html`; `auto` = when the site is a single page. */
  readonly spa: 'auto' | 'on' | 'off';
}

/** A file to send, before it is decided in which form. */
export interface Found {
  readonly kind: 'file';
  readonly status: 200 | 404;
  /** In the site's file table. */
  readonly number: number;
  /** Below the site's root: type and caching follow from the file, whatever the address. */
  readonly path: string;
  /** Rules of `_headers` that match the address: for `fields`. */
  readonly rules: readonly number[];
}

export type Resolved =
  | Found
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  /** No file, and no 404 page of the site's own. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'malformed' };

const ABSENT = { kind: 'absent' } as const;
const MALFORMED = { kind: 'malformed' } as const;

/** Where a decoded path leads by the files alone: one of them, or the same address with or without a slash at the end. */
type Place = { readonly path: string } | { readonly moved: string } | null;

/** Contract 4.5: `index.html` for folders, clean URLs, a slash at the end by what exists. */
const placeOf = (files: FileTable, urlPath: string): Place => {
  const path = urlPath.slice(1);
  const has = (candidate: string): boolean => files.number(candidate) !== undefined;
  if (path === '' || path.endsWith('/')) {
    if (has(`${path}index.html`)) return { path: `${path}index.html` };
    const file = path.slice(0, -1);
    return file !== '' && (has(file) || has(`${file}.html`)) ? { moved: `/${file}` } : null;
  }
  if (has(path)) return { path };
  if (has(`${path}.html`)) return { path: `${path}.html` };
  return has(`${path}/index.html`) ? { moved: `${urlPath}/` } : null;
};

const hasExtension = (urlPath: string): boolean => urlPath.lastIndexOf('.') > urlPath.lastIndexOf('/');

/**
 * A release as visitors see it. Everything is prepared once; a request costs a few map look-ups, however many files and rules there are
 * (rules with placeholders: those that share the first part of the path).
 */
export const createSite = (manifest: Manifest, { spa }: SiteOptions) => {
  // The functions below must not hold the manifest itself: it takes several times the room of the table.
  const { notFound } = manifest;
  const files = createFileTable(manifest.files);
  const headers = createHeaderRules(manifest.headers);
  const redirectFor = createRedirects(manifest.redirects);
  const hasShell = files.number('index.html') !== undefined;
  const fallsBack = hasShell && (spa === 'on' || (spa === 'auto' && manifest.singlePage));

  const found = (path: string, status: Found['status'], urlPath: string): Resolved => {
    const number = files.number(path);
    return number === undefined ? ABSENT : { kind: 'file', status, number, path, rules: headers.matching(urlPath) };
  };
  const missing = (urlPath: string): Resolved => (notFound === null ? ABSENT : found(notFound, 404, urlPath));
  const moved = (to: string, query: string): Resolved => ({
    ...{ kind: 'redirect', status: 308 },
    location: encodePath(to) + (query === '' ? '' : `?${ascii(query)}`),
  });

  const applied = (rule: Redirected, urlPath: string, query: string): Resolved => {
    if (rule.status !== 200 && rule.status !== 404) return { kind: 'redirect', status: rule.status, location: rule.location(query) };
    const target = rule.path();
    const place = target === null ? null : placeOf(files, target);
    // A rewrite to a folder without its slash is the folder's page all the same.
    const path = place !== null && 'moved' in place ? placeOf(files, place.moved) : place;
    if (path === null || 'moved' in path) return missing(urlPath);
    return found(path.path, rule.status === 404 ? 404 : 200, urlPath);
  };

  return {
    files,
    fields: headers.fields as (rules: readonly number[]) => HeaderRule['set'],
    /** Rules that match a raw path, for answers that are no file (OPTIONS). */
    rulesFor: (rawPath: string): readonly number[] => {
      const decoded = decodeRequestPath(rawPath);
      return 'path' in decoded ? headers.matching(decoded.path) : [];
    },
    /** Roughly what it holds in memory. */
    bytes: files.bytes + JSON.stringify([manifest.headers, manifest.redirects]).length * 4,
    /** What a GET of this target answers. Both as they came, `query` without its `?`. Pure. */
    resolve: (rawPath: string, query: string): Resolved => {
      const decoded = decodeRequestPath(rawPath);
      if ('fault' in decoded) return decoded.fault === 'malformed' ? MALFORMED : missing(rawPath);
      const urlPath = decoded.path;
      const place = placeOf(files, urlPath);
      const rule = redirectFor(urlPath);
      if (rule !== null && (place === null || rule.force)) return applied(rule, urlPath, query);
      if (place !== null) return 'moved' in place ? moved(place.moved, query) : found(place.path, 200, urlPath);
      return fallsBack && !hasExtension(urlPath) ? found('index.html', 200, urlPath) : missing(urlPath);
    },
  };
};

export type Site = ReturnType<typeof createSite>;
