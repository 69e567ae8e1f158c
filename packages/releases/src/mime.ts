import { lookup } from 'mrmime';

const PLAIN = 'application/octet-stream';
/** Text by nature, though their type is not `text/…`. */
const TEXTUAL = new Set(['application/json', 'application/xml', 'application/manifest+json', 'application/javascript', 'image/svg+xml']);

const isText = (type: string): boolean => type.startsWith('text/') || TEXTUAL.has(type) || /\+(?:json|xml)$/.test(type);

/** `Content-Type` of a file by its extension; text is UTF-8, as everything that builds sites writes it. */
export const contentTypeOf = (path: string): string => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const type = (name.includes('.') ? lookup(name) : undefined) ?? PLAIN;
  return isText(type) ? `${type}; charset=utf-8` : type;
};
