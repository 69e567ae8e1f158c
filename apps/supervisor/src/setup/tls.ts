import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemUser } from '@miosa/db';
import 'reflect-metadata'; // the certificate library resolves its parts through it
import * as x509 from '@peculiar/x509';
import { writeSecret } from './keys.ts';

const DAY_MS = 86_400_000;
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Browsers refuse leaves that are valid for longer than 398 days (CA/Browser Forum ballot SC31). */
const LEAF_DAYS = 397;
const RENEW_BELOW_DAYS = 30;
const CA_DAYS = 3650;
/** RFC 5280, ub-common-name. */
const MAX_COMMON_NAME = 64;

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: CryptoKey;
}

const serial = () => `01${randomBytes(15).toString('hex')}`;
const pem = (label: string, bytes: ArrayBuffer) => x509.PemConverter.encode(bytes, label);
const exportKey = async (key: CryptoKey) => pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', key));
const validFor = (days: number) => ({ notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + days * DAY_MS) });

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> => {
  const content = Buffer.concat(parts);
  if (content.length > 127) throw new Error('name too long for a short DER length');
  return Buffer.concat([Uint8Array.of(tag, content.length), content]);
};

/** permittedSubtrees = the platform's domain (RFC 5280, 4.2.1.10): whoever trusts this authority trusts it for nothing else. */
const onlyBelow = (domain: string) =>
  new x509.Extension('2.5.29.30', true, der(0x30, der(0xa0, der(0x30, der(0x82, Buffer.from(domain))))));

const makeAuthority = async (folder: string, domain: string): Promise<Authority> => {
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${`MIOSA local authority for ${domain}`.slice(0, MAX_COMMON_NAME)}`,
    ...validFor(CA_DAYS),
    signingAlgorithm: EC,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      onlyBelow(domain),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writeSecret(join(folder, 'ca.key'), await exportKey(keys.privateKey), 0o600, 0, 0);
  writeSecret(join(folder, 'ca.pem'), `${certificate.toString('pem')}\n`, 0o644, 0, 0);
  return { certificate, key: keys.privateKey };
};

const readAuthority = async (folder: string, domain: string): Promise<Authority | null> => {
  if (!existsSync(join(folder, 'ca.pem')) || !existsSync(join(folder, 'ca.key'))) return null;
  const certificate = new x509.X509Certificate(readFileSync(join(folder, 'ca.pem'), 'utf8'));
  const bytes = x509.PemConverter.decodeFirst(readFileSync(join(folder, 'ca.key'), 'utf8'));
  const key = await crypto.subtle.importKey('pkcs8', bytes, EC, true, ['sign']);
  const constraint = certificate.getExtension('2.5.29.30')?.value;
  const isOurs = constraint !== undefined && Buffer.from(constraint).equals(Buffer.from(onlyBelow(domain).value));
  return isOurs && certificate.notAfter.getTime() > Date.now() + LEAF_DAYS * DAY_MS ? { certificate, key } : null;
};

const leafNames = (domain: string): string[] => [domain, `*.${domain}`, `*.sandbox.${domain}`];

const isLeafGood = (folder: string, names: readonly string[]): boolean => {
  if (!existsSync(join(folder, 'server.pem')) || !existsSync(join(folder, 'server.key'))) return false;
  const leaf = new X509Certificate(readFileSync(join(folder, 'server.pem')));
  const authority = new X509Certificate(readFileSync(join(folder, 'ca.pem')));
  const covered = (leaf.subjectAltName ?? '').split(', ');
  const daysLeft = (Date.parse(leaf.validTo) - Date.now()) / DAY_MS;
  return daysLeft > RENEW_BELOW_DAYS && leaf.verify(authority.publicKey) && names.every((name) => covered.includes(`DNS:${name}`));
};

/**
 * A local authority and a leaf for the platform's names: `tls/{ca.pem,ca.key,server.pem,server.key}`. The leaf is renewed at start when it has
 * less than 30 days or the names changed; the authority stays (people trusted it) unless the domain is another.
 */
export const makeCertificates = async (folder: string, domain: string, { gid }: SystemUser): Promise<void> => {
  const authority = (await readAuthority(folder, domain)) ?? (await makeAuthority(folder, domain));
  const names = leafNames(domain);
  if (isLeafGood(folder, names)) return;
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${domain.slice(0, MAX_COMMON_NAME)}`,
    issuer: authority.certificate.subject,
    ...validFor(LEAF_DAYS - 1),
    signingAlgorithm: EC,
    signingKey: authority.key,
    publicKey: keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writeSecret(join(folder, 'server.key'), await exportKey(keys.privateKey), 0o640, 0, gid);
  writeSecret(join(folder, 'server.pem'), `${leaf.toString('pem')}\n`, 0o644, 0, 0);
};
