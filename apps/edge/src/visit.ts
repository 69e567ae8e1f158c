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
}

/** Contract 6: URL at API and edge. */
const MAX_URL_CHARACTERS = 16_384;
const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

const plainIp = (address: string | undefined): string => {
  if (address === undefined) return '';
  const mapped = address.startsWith('::ffff:') ? address.slice(7) : '';
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

export const readVisit = (req: IncomingMessage, scheme: Visit['scheme'], names: Names): Visit => {
  const authority = (req.headers.host ?? '').toLowerCase();
  return {
    scheme,
    ip: plainIp(req.socket.remoteAddress),
    requestId: requestIdOf(req.headers['x-request-id']),
    authority,
    hostname: bareName(authority),
    host: parseHost(req.headers.host ?? '', names),
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
