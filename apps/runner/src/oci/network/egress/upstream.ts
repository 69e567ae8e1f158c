import { Agent as PlainAgent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { followChain } from '../dns/answers.ts';
import { askUpstream } from '../dns/upstream.ts';
import type { Reaching, Setup } from './protocol.ts';

/** Of one connection inside; more requests at once do not come over HTTP/1.1. */
const SOCKETS_MAX = 2;

export interface Way {
  readonly source: string;
  readonly host: string;
  readonly port: 80 | 443;
}

/** Finds the addresses of a host for a sandbox; `reach` picks those it may be connected to. */
const lookupFor =
  ({ source, host, port }: Way, setup: Setup, reach: (reaching: Reaching) => Promise<readonly string[]>): LookupFunction =>
  (_name, options, done) => {
    const find = async (): Promise<readonly string[]> => {
      if (setup.upstream === null) return [];
      const query = { id: 0, name: host, spelled: host, type: 'A', isRecursive: true, sizeMax: 0 };
      const answer = await askUpstream(setup.upstream, query);
      if (answer === null || answer.rcode !== 0) return [];
      const { names, addresses } = followChain(query, answer.answers);
      return addresses.length === 0 ? [] : reach({ source, names, addresses, port });
    };
    find().then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) done(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '', 4);
        else if (options.all === true)
          done(
            null,
            addresses.map((address) => ({ address, family: 4 })),
          );
        else done(null, first, 4);
      },
      (error: Error) => done(Object.assign(error, { code: 'ENOTFOUND' }), '', 4),
    );
  };

/** Who a server must be signed by; reading the list takes milliseconds, so it is done once. */
export const trustOf = ({ authorities }: Setup): SecureContext =>
  createSecureContext({ ca: [...rootCertificates, ...(authorities === '' ? [] : [authorities])], minVersion: 'TLSv1.2' });

/** Connections to one host on behalf of one connection of a sandbox; ends with it. */
export const agentFor = (
  way: Way,
  setup: Setup,
  trust: SecureContext,
  reach: (reaching: Reaching) => Promise<readonly string[]>,
): PlainAgent => {
  const common = { keepAlive: true, maxSockets: SOCKETS_MAX, lookup: lookupFor(way, setup, reach) };
  if (way.port === 80) return new PlainAgent(common);
  return new SecureAgent({
    ...common,
    servername: way.host,
    secureContext: trust,
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    maxCachedSessions: 0,
  });
};
