import { readFileSync } from 'node:fs';
import type { Fetch } from '../fetch.ts';
import type { Sockets } from '../socket.ts';
import { createFetch } from './nodeFetch.ts';
import { nodeSockets } from './nodeSocket.ts';

export const environment = (name: string): string | undefined =>
  (typeof process === 'undefined' ? undefined : process.env[name]) || undefined;

const isLocal = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

/** PEM text as it is; anything else is a file name. */
const pemOf = (ca: string): string => (ca.includes('-----BEGIN') ? ca : readFileSync(ca, 'utf8'));

/**
 * A `fetch` of our own where the standard one cannot work in Node: `*.localhost` names that the system's resolver does not know, and servers
 * whose certificate comes from a local CA (`ca` or `MIOSA_CA`: PEM text or a file). `undefined` = use the standard one.
 */
export const platformFetch = (baseUrl: URL, ca: string | undefined): Fetch | undefined => {
  const given = ca ?? environment('MIOSA_CA');
  if (given === undefined && !isLocal(baseUrl.hostname)) return undefined;
  return createFetch(given === undefined ? {} : { ca: pemOf(given) });
};

export const platformSockets = (ca: string | undefined): Sockets => {
  const given = ca ?? environment('MIOSA_CA');
  return nodeSockets(given === undefined ? undefined : pemOf(given));
};
