import { createECDH, hkdfSync, X509Certificate } from 'node:crypto';
import 'reflect-metadata'; // the certificate library resolves its parts through it
import * as x509 from '@peculiar/x509';

const DAY_MS = 86_400_000;
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const CA_DAYS = 3650;
const LEAF_DAYS = 30;
const RENEW_AFTER_DAYS = 15;
/** Names under a wildcard that one sandbox has asked for. */
const LEAVES_MAX = 512;

const serial = (): string => `01${Buffer.from(crypto.getRandomValues(new Uint8Array(15))).toString('hex')}`;
const validFor = (days: number) => ({ notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + days * DAY_MS) });
const pemOf = async (key: CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Uint8Array.of(tag, ...size), content]);
};

/** The hosts and what is below them, and no address (RFC 5280, 4.2.1.10): it can stand in for nobody else. */
const onlyFor = (hosts: readonly string[]) => {
  const names = [...new Set(hosts.map((host) => host.replace(/^\*\./, '')))].map((name) => der(0x30, der(0x82, Buffer.from(name))));
  const addresses = [8, 32].map((bytes) => der(0x30, der(0x87, new Uint8Array(bytes))));
  return new x509.Extension('2.5.29.30', true, der(0x30, der(0xa0, ...names), der(0xa1, ...addresses)));
};

/** The P-256 key that a seed stands for: no file has it, and the same seed gives it again after a restart. */
const keysOf = async (seed: Buffer): Promise<CryptoKeyPair> => {
  const curve = createECDH('prime256v1');
  for (let attempt = 0; ; attempt++) {
    const scalar = Buffer.from(hkdfSync('sha256', seed, '', `miosa egress authority ${attempt}`, 32));
    try {
      curve.setPrivateKey(scalar);
    } catch {
      continue; // not below the order of the curve: one in 2^32
    }
    const point = curve.getPublicKey();
    const [x, y, d] = [point.subarray(1, 33), point.subarray(33), scalar].map((bytes) => bytes.toString('base64url'));
    const jwk = { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' };
    return {
      privateKey: await crypto.subtle.importKey('jwk', { ...jwk, d: d ?? '' }, EC, true, ['sign']),
      publicKey: await crypto.subtle.importKey('jwk', jwk, EC, true, ['verify']),
    };
  }
};

export interface Leaf {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  /** Its certificate, PEM; what the sandbox trusts. */
  readonly trust: string;
  leaf(host: string): Promise<Leaf>;
}

/** The authority of one sandbox, for these hosts alone. */
export const openAuthority = async (id: string, seed: Buffer, hosts: readonly string[]): Promise<Authority> => {
  const keys = await keysOf(seed);
  const name = `CN=MIOSA secrets of ${id}`;
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    ...validFor(CA_DAYS),
    signingAlgorithm: EC,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      onlyFor(hosts),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const leafKeys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const key = await pemOf(leafKeys.privateKey);
  const leaves = new Map<string, { readonly certificate: string; readonly renewAt: number }>();
  const sign = async (host: string): Promise<string> => {
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: '',
      issuer: ca.subject,
      ...validFor(LEAF_DAYS),
      signingAlgorithm: EC,
      signingKey: keys.privateKey,
      publicKey: leafKeys.publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        // A name longer than a common name may be is in here alone, and a certificate without subject must be strict about it.
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }], true),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return leaf.toString('pem');
  };
  return {
    trust: new X509Certificate(ca.toString('pem')).toString(),
    leaf: async (host) => {
      const known = leaves.get(host);
      if (known !== undefined && known.renewAt > Date.now()) return { certificate: known.certificate, key };
      const certificate = await sign(host);
      if (leaves.size >= LEAVES_MAX) leaves.clear();
      leaves.set(host, { certificate, renewAt: Date.now() + RENEW_AFTER_DAYS * DAY_MS });
      return { certificate, key };
    },
  };
};
