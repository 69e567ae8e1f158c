import type { IncomingHttpHeaders } from 'node:http';
import type { Secret } from './protocol.ts';

/** Of one connection (RFC 9110, 7.6.1), or the proxy's own business. */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export type HeaderLists = Readonly<Record<string, readonly string[]>>;

/** Every header that goes on, without those that a `connection` header names. */
export const passedOn = (headers: NodeJS.Dict<string[]>, connection: IncomingHttpHeaders['connection']): Record<string, string[]> => {
  const named = new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const entries = Object.entries(headers).flatMap(([name, values]) =>
    values === undefined || HOP_BY_HOP.has(name) || named.has(name) ? [] : [[name, values] as const],
  );
  return Object.fromEntries(entries);
};

const replaced = (text: string, secrets: readonly Secret[], as = (value: string): string => value): string =>
  secrets.reduce((now, { placeholder, value }) => now.replaceAll(placeholder, () => as(value)), text);

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** User and password of basic authentication (RFC 7617) are written in base64. */
const replacedHeader = (text: string, secrets: readonly Secret[]): string => {
  const encoded = BASIC.exec(text)?.[1];
  if (encoded === undefined) return replaced(text, secrets);
  const plain = Buffer.from(encoded, 'base64').toString('latin1');
  const after = replaced(plain, secrets);
  return after === plain ? text : `Basic ${Buffer.from(after, 'latin1').toString('base64')}`;
};

export interface Outgoing {
  readonly headers: Record<string, string[]>;
  /** Path and query. */
  readonly target: string;
}

/** True values in the place of placeholders: in header values but `host`, and in the query. Nowhere else. */
export const withSecrets = (
  { headers, target }: Outgoing,
  secrets: readonly Secret[],
): Outgoing & { /** Whether there was one. */ readonly hasSecret: boolean } => {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : replaced(target.slice(mark), secrets, encodeURIComponent);
  const after = Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name,
      name === 'host' ? values : values.map((value) => replacedHeader(value, secrets)),
    ]),
  );
  const hasSecret = path + query !== target || Object.entries(after).some(([name, values]) => values.join() !== headers[name]?.join());
  return { headers: after, target: path + query, hasSecret };
};
