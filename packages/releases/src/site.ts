import type { Manifest, ManifestFile } from './manifest.ts';
import { compilePattern, isLiteral, type Matcher } from './rules.ts';

export type SpaMode = 'auto' | 'on' | 'off';

/** What a site says to a path. */
export type Answer =
  | { readonly kind: 'file'; readonly status: 200 | 404; readonly file: ManifestFile }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  /** Nothing, and the site has no page for that. */
  | { readonly kind: 'missing' }
  /** The path is malformed. */
  | { readonly kind: 'bad' };

export interface Site {
  /** `target` is the request target: path and query as they came. */
  resolve(target: string, spa: SpaMode): Answer;
  /** Headers that the rules add to an answer for this path (decoded); later rules win. */
  headersFor(path: string): readonly (readonly [string, string])[];
  readonly hasHeaderRules: boolean;
}

interface Redirect {
  readonly order: number;
  readonly to: string;
  readonly status: number;
  readonly match: Matcher;
}

const MISSING: Answer = { kind: 'missing' };
const BAD: Answer = { kind: 'bad' };

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the rule.
const FORBIDDEN = /[\\\u0000-\u001f\u007f]/;

/** Decoded once, with its parts checked; `undefined`: malformed, null: no site has such a path. */
export const decodePath = (raw: string): string | null | undefined => {
  let path = raw;
  if (raw.includes('%')) {
    try {
      path = decodeURIComponent(raw);
    } catch {
      return undefined;
    }
  }
  if (FORBIDDEN.test(path)) return null;
  const parts = path.slice(1).split('/');
  for (const [n, part] of parts.entries()) {
    if (part === '' && n !== parts.length - 1) return null;
    if (part.startsWith('.') && !(n === 0 && part === '.well-known')) return null;
  }
  return path;
};

/** Without a slash at the end. */
const bare = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);

const encoded = (text: string): string => text.split('/').map(encodeURIComponent).join('/');

const filled = (to: string, values: Readonly<Record<string, string>>): string => {
  const start = /^https:\/\/[^/?#]*/.exec(to)?.[0] ?? '';
  const rest = to.slice(start.length).replace(/:([A-Za-z_][A-Za-z0-9_]*)/g, (_, name: string) => encoded(values[name] ?? ''));
  // A splat that begins with a slash must not turn an own path into another host.
  return start + (start === '' ? rest.replace(/^\/{2,}/, '/') : rest);
};

const createRedirects = (rules: Manifest['redirects'], force: boolean) => {
  const exact = new Map<string, Redirect>();
  const patterns: Redirect[] = [];
  for (const [order, rule] of rules.entries()) {
    if (rule.force !== force) continue;
    const redirect = { order, to: rule.to, status: rule.status, match: compilePattern(rule.from) };
    if (!isLiteral(rule.from)) patterns.push(redirect);
    else if (!exact.has(bare(rule.from))) exact.set(bare(rule.from), redirect);
  }
  /** The first that matches. */
  return (path: string): { readonly redirect: Redirect; readonly values: Readonly<Record<string, string>> } | null => {
    const literal = exact.get(bare(path));
    for (const redirect of patterns) {
      if (literal !== undefined && redirect.order > literal.order) break;
      const values = redirect.match(path);
      if (values !== null) return { redirect, values };
    }
    return literal === undefined ? null : { redirect: literal, values: {} };
  };
};

/** A release as it answers requests (contract 4.5, static serving). Pure; made once for a manifest. */
export const createSite = (manifest: Manifest): Site => {
  const files = new Map(manifest.files.map((file) => [file.path, file]));
  const forced = createRedirects(manifest.redirects, true);
  const normal = createRedirects(manifest.redirects, false);
  const headers = manifest.headers.map(({ pattern, set }) => ({ match: compilePattern(pattern), set }));
  const notFound = manifest.notFound === null ? undefined : files.get(manifest.notFound);

  const found = (file: ManifestFile, status: 200 | 404 = 200): Answer => ({ kind: 'file', status, file });

  /** The file of a path, or the address it has with or without a slash. */
  const fileAt = (path: string, rawPath: string, query: string): Answer | null => {
    const name = path.slice(1);
    if (name === '' || name.endsWith('/')) {
      const index = files.get(`${name}index.html`);
      if (index !== undefined) return found(index);
      const plain = name.slice(0, -1);
      if (plain === '' || !(files.has(plain) || files.has(`${plain}.html`))) return null;
      return rawPath.endsWith('/') ? { kind: 'redirect', status: 308, location: rawPath.slice(0, -1) + query } : null;
    }
    const file = files.get(name) ?? files.get(`${name}.html`);
    if (file !== undefined) return found(file);
    return files.has(`${name}/index.html`) ? { kind: 'redirect', status: 308, location: `${rawPath}/${query}` } : null;
  };

  /** An own path that a rule leads to. */
  const inside = (to: string, status: 200 | 404): Answer => {
    const path = decodePath(to.split(/[?#]/, 1)[0] ?? '');
    const answer = path == null ? null : fileAt(path, path, '');
    if (answer?.kind === 'file') return found(answer.file, status);
    const folder = answer?.kind === 'redirect' && path != null ? fileAt(`${path}/`, path, '') : null;
    return folder?.kind === 'file' ? found(folder.file, status) : missing();
  };

  const missing = (): Answer => (notFound === undefined ? MISSING : found(notFound, 404));

  const followed = (rules: ReturnType<typeof createRedirects>, path: string, query: string): Answer | null => {
    const hit = rules(path);
    if (hit === null) return null;
    const { status, to } = hit.redirect;
    const target = filled(to, hit.values);
    if (status === 200 || status === 404) return inside(target, status);
    return { kind: 'redirect', status, location: query !== '' && !target.includes('?') ? withQuery(target, query) : target };
  };

  return {
    hasHeaderRules: headers.length > 0,
    resolve: (target, spa) => {
      const mark = target.indexOf('?');
      const rawPath = mark < 0 ? target : target.slice(0, mark);
      const query = mark < 0 ? '' : target.slice(mark);
      const path = decodePath(rawPath);
      if (path === undefined) return BAD;
      if (path === null) return missing();
      const answer = followed(forced, path, query) ?? fileAt(path, rawPath, query) ?? followed(normal, path, query);
      if (answer !== null) return answer;
      const isSpa = spa === 'on' || (spa === 'auto' && manifest.singlePage);
      const index = isSpa && !path.slice(path.lastIndexOf('/')).includes('.') ? files.get('index.html') : undefined;
      return index === undefined ? missing() : found(index);
    },
    headersFor: (path) => headers.flatMap(({ match, set }) => (match(path) === null ? [] : set)),
  };
};

const withQuery = (target: string, query: string): string => {
  const hash = target.indexOf('#');
  return hash < 0 ? target + query : target.slice(0, hash) + query + target.slice(hash);
};
