import { randomBytes } from 'node:crypto';
import 'reflect-metadata'; // the certificate library resolves its parts through it
import * as x509 from '@peculiar/x509';

const DAY_MS = 86_400_000;
export const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** RFC 5280, ub-common-name. */
const MAX_COMMON_NAME = 64;

/** A certificate and its private key, both PEM. */
export interface Pair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export const serial = (): string => `01${randomBytes(15).toString('hex')}`;
export const commonName = (name: string): string => `CN=${name.slice(0, MAX_COMMON_NAME)}`;
/** From yesterday on: clocks differ. */
export const validFor = (days: number) => ({ notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + days * DAY_MS) });
export const daysLeft = (certificate: x509.X509Certificate): number => (certificate.notAfter.getTime() - Date.now()) / DAY_MS;
export const newKeys = () => crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
export const keyPem = async (key: CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
export const readKey = (pem: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), EC, false, ['sign']);

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> => {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length > 0xffff) throw new Error('too long for a name constraint');
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...size), content]);
};

/** permittedSubtrees = these domains (RFC 5280, 4.2.1.10): whoever trusts the authority trusts it for nothing else. */
export const onlyBelow = (domains: readonly string[]): x509.Extension => {
  const subtrees = domains.map((domain) => der(0x30, der(0x82, Buffer.from(domain))));
  return new x509.Extension('2.5.29.30', true, der(0x30, der(0xa0, ...subtrees)));
};

export const hasConstraint = (certificate: x509.X509Certificate, domains: readonly string[]): boolean => {
  const found = certificate.getExtension('2.5.29.30')?.value;
  return found !== undefined && Buffer.from(found).equals(Buffer.from(onlyBelow(domains).value));
};
