import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSelfSigned, isAuthorityFor, isSignedBy, makeAuthority, makeIssuer, type Pair } from '@miosa/certs';
import type { SystemUser } from '@miosa/db';
import { writeSecret } from './keys.ts';

const DAY_MS = 86_400_000;
const RENEW_BELOW_DAYS = 30;

export interface Domains {
  readonly domain: string;
  readonly appsDomain: string;
}

const readPair = (folder: string, name: string): Pair | null => {
  const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  if (!existsSync(certificate) || !existsSync(key)) return null;
  return { certificatePem: readFileSync(certificate, 'utf8'), keyPem: readFileSync(key, 'utf8') };
};

const leafNames = (domain: string): string[] => [domain, `*.${domain}`, `*.sandbox.${domain}`];

const isLeafGood = (chainPem: string, issuerPem: string, names: readonly string[]): boolean => {
  const leaf = new X509Certificate(chainPem);
  const covered = (leaf.subjectAltName ?? '').split(', ');
  const daysLeft = (Date.parse(leaf.validTo) - Date.now()) / DAY_MS;
  return daysLeft > RENEW_BELOW_DAYS && isSignedBy(chainPem, issuerPem) && names.every((name) => covered.includes(`DNS:${name}`));
};

/**
 * A local authority, an issuer below it and a leaf for the platform's names: `tls/{ca,issuer,server}.{pem,key}`. The leaf is renewed at start when
 * it has less than 30 days or the names changed; the authority stays (people trusted it) unless the domains are others. Its key is for root
 * alone. The issuer's is for the services' user: the control plane signs certificates of organizations with it. The edge runs as the same user
 * and does not read it; what limits a service that was broken into is the constraint to our own domains.
 */
export const makeCertificates = async (folder: string, { domain, appsDomain }: Domains, { uid, gid }: SystemUser): Promise<void> => {
  const write = (name: string, pair: Pair, owner: number, group: number, mode: number): void => {
    writeSecret(join(folder, `${name}.key`), pair.keyPem, mode, owner, group);
    writeSecret(join(folder, `${name}.pem`), pair.certificatePem, 0o644, 0, 0);
  };
  const domains = [...new Set([domain, appsDomain])];
  let authority = readPair(folder, 'ca');
  if (authority === null || !isAuthorityFor(authority.certificatePem, domains)) {
    authority = await makeAuthority(domains);
    write('ca', authority, 0, 0, 0o600);
  }
  let issuer = readPair(folder, 'issuer');
  if (issuer === null || !isSignedBy(issuer.certificatePem, authority.certificatePem)) {
    issuer = await makeIssuer(authority, domains);
    write('issuer', issuer, uid, gid, 0o600);
  }
  const names = leafNames(domain);
  const server = readPair(folder, 'server');
  if (server !== null && isLeafGood(server.certificatePem, issuer.certificatePem, names)) return;
  const { chainPem, keyPem } = await createSelfSigned(issuer).issue(names);
  write('server', { certificatePem: chainPem, keyPem }, 0, gid, 0o640);
};
