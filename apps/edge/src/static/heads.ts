import { contentTypeOf, etagOf, type Form, type Found, isHashedName, type Site } from '@miosa/releases';
import type { Kept } from './lru.ts';

/** Contract 4.5, caching. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
export const REVALIDATE = 'public, max-age=0, must-revalidate';

/** A head whose last value is the request id of whoever is answered. */
export type PreparedHead = string[] & { readonly prepared: unique symbol };

/** The head for one visitor. The list is the same each time: `writeHead` reads it before it returns. */
export const withRequestId = (head: PreparedHead, requestId: string): string[] => {
  head[head.length - 1] = requestId;
  return head;
};

const preparedHead = (...fields: string[]): PreparedHead => [...fields, 'X-Request-ID', ''] as string[] as PreparedHead;

/** An answer made once and sent many times: head fields as name, value, name, value, … */
export interface Prepared {
  readonly status: 200 | 404;
  readonly form: Form;
  readonly etag: string;
  readonly whole: PreparedHead;
  /** Of a 304. */
  readonly unchanged: PreparedHead;
  /** Of a 206 or 416, without length and range. */
  readonly part: readonly string[];
  /** The bytes, while they are in memory. */
  body: Kept<Buffer> | null;
}

/** What one of these holds in memory, without the body: three lists, two texts of its own. Measured over 10,000. */
export const PREPARED_BYTES = 900;

/** What a site's `_headers` may say otherwise; null = as it is. */
const own = (fields: ReturnType<Site['fields']>) => {
  const rest: string[] = [];
  const special: { type: string | null; caching: string | null; vary: string | null } = { type: null, caching: null, vary: null };
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (lower === 'content-type') special.type = value;
    else if (lower === 'cache-control') special.caching = value;
    else if (lower === 'vary') special.vary = value;
    else rest.push(name, value);
  }
  return { ...special, rest };
};

/** The head fields of one form of a file, for the rules of `_headers` that match the address. */
export const prepare = (site: Site, found: Found, encoding: number): Prepared => {
  const form = site.files.form(found.number, encoding);
  const { type, caching, vary, rest } = own(site.fields(found.rules));
  const etag = etagOf(site.files.form(found.number, 0).sha256, form.encoding);
  const isKept = found.status === 200 && isHashedName(found.path);
  const shared = [
    ...['ETag', etag],
    ...['Cache-Control', caching ?? (isKept ? IMMUTABLE : REVALIDATE)],
    ...['Vary', vary === null ? 'Accept-Encoding' : `Accept-Encoding, ${vary}`],
  ];
  const described = ['Content-Type', type ?? contentTypeOf(found.path), ...shared, 'X-Content-Type-Options', 'nosniff', ...rest];
  const coded = form.encoding === 'identity' ? [] : ['Content-Encoding', form.encoding];
  const ranges = found.status === 200 ? ['Accept-Ranges', 'bytes'] : [];
  return {
    ...{ status: found.status, form, etag, body: null },
    whole: preparedHead(...described, ...coded, ...ranges, 'Content-Length', String(form.size)),
    unchanged: preparedHead(...shared, ...rest),
    part: described,
  };
};
