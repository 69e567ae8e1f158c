import { lookup } from 'mrmime';

const TEXTUAL = /^(?:text\/|application\/(?:json|javascript|xml|manifest\+json|ld\+json|xhtml\+xml)|image\/svg\+xml)/;

/** By the file's extension; unknown ones are bytes to be saved. */
export const contentTypeOf = (path: string): string => {
  const type = lookup(path) ?? 'application/octet-stream';
  return TEXTUAL.test(type) ? `${type}; charset=utf-8` : type;
};

const HEX = /[-._](?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}(?:\.[A-Za-z0-9]+)+$/;
const MIXED = /[-._](?=[A-Za-z_-]*[0-9])(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9]+)+$/;

/**
 * Whether a file name carries a hash of its content, as bundlers write it (`app-3f9a1c2b.js`, `index-BxY3_k9Q.css`). Plain words and dates of
 * eight characters are none: taking one for a hash would keep an old file in browsers for a year, the other way round costs a question.
 */
export const isHashedName = (path: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return HEX.test(name) || MIXED.test(name);
};

export const cacheControlOf = (path: string): string =>
  isHashedName(path) && !/\.html?$/i.test(path) ? 'public, max-age=31536000, immutable' : 'public, max-age=0, must-revalidate';
