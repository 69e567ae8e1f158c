import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Names, type ParsedHost, parseHost } from '@miosa/hostnames';
import { newId } from '@miosa/kernel';
import { REFUSALS, type Refusal } from './refusal.ts';

/** One request, read once; the parsed values alone are used from here on (contract 4.4). */
export interface Visit {
  readonly scheme: 'http' | 'https';
  readonly ip: string;
  readonly requestId: string;
  /** The Host header, lower-cased: host and port as the visitor's browser knows them. */
  readonly authority: string;
  /** The same without port and trailing dot. */
  readonly hostname: string;
  readonly host: ParsedHost;
  /** By `performance.now()`. */
  readonly startedAtMs: number;
}

type Named = Pick<Visit, 'authority' | 'hostname' | 'host'>;

/** Contract 6: URL at API and edge. */
const MAX_URL_CHARACTERS = 16_384;
const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

const plainIp = (address: string | undefined): string => {
  if (address === undefined) return '';
  if (!address.startsWith('::ffff:')) return address;
  const mapped = address.slice(7);
  return isIPv4(mapped) ? mapped : address;
};

export const isLoopback = (ip: string): boolean => ip === '::1' || ip.startsWith('127.');

export const requestIdOf = (value: string | string[] | undefined): string =>
  typeof value === 'string' && REQUEST_ID.test(value) ? value : newId('req');

const bareName = (authority: string): string => authority.replace(/:[0-9]*$/, '').replace(/\.$/, '');

/** RFC 9112 §3.2: a request with two Host fields is refused; Node keeps the first and stays silent. */
const hostCount = (raw: readonly string[]): number => {
  let count = 0;
  for (let i = 0; i < raw.length; i += 2) if (raw[i]?.length === 4 && raw[i]?.toLowerCase() === 'host') count++;
  return count;
};

/** Names are read once and remembered: some hundred bytes each. */
const MAX_NAMED = 10_000;
const MAX_NAMED_CHARACTERS = 300;

export const createVisits = (names: Names) => {
  const known = new Map<string, Named>();

  const named = (header: string): Named => {
    const found = known.get(header);
    if (found !== undefined) return found;
    const authority = header.toLowerCase();
    const read: Named = { authority, hostname: bareName(authority), host: parseHost(header, names) };
    if (known.size >= MAX_NAMED) known.clear();
    if (read.host.kind !== 'unknown' && header.length <= MAX_NAMED_CHARACTERS) known.set(header, read);
    return read;
  };

  return (req: IncomingMessage, scheme: Visit['scheme']): Visit => {
    const { authority, hostname, host } = named(req.headers.host ?? '');
    return {
      scheme,
      ip: plainIp(req.socket.remoteAddress),
      requestId: requestIdOf(req.headers['x-request-id']),
      authority,
      hostname,
      host,
      startedAtMs: performance.now(),
    };
  };
};

/** What is wrong with the request itself, before anything is looked up. */
export const faultOf = (req: IncomingMessage, visit: Visit): Refusal | null => {
  const url = req.url ?? '';
  if (url.length > MAX_URL_CHARACTERS) return REFUSALS.urlTooLong;
  // An absolute target would name a second host beside the Host header.
  if (!url.startsWith('/') || hostCount(req.rawHeaders) > 1) return REFUSALS.badRequest;
  const coding = req.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return REFUSALS.badRequest;
  if (coding !== undefined && req.headers['content-length'] !== undefined) return REFUSALS.badRequest;
  if (visit.host.kind === 'unknown') return REFUSALS.notFound;
  if (visit.scheme === 'http') return null;
  const serverName = (req.socket as TLSSocket).servername;
  return typeof serverName === 'string' && serverName.toLowerCase() !== visit.hostname ? REFUSALS.misdirected : null;
};
