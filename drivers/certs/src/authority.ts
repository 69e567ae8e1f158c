import { X509Certificate } from 'node:crypto';
import 'reflect-metadata'; // the certificate library resolves its parts through it
import * as x509 from '@peculiar/x509';
import { commonName, daysLeft, EC, hasConstraint, keyPem, newKeys, onlyBelow, type Pair, readKey, serial, validFor } from './x509.ts';

export type { Pair } from './x509.ts';

const AUTHORITY_DAYS = 3650;
/** An authority must outlive all it vouches for by then. */
const MIN_AUTHORITY_DAYS = 400;

const CA_USAGE = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;

/** What people are asked to trust, for these domains only. Its key signs issuers and nothing else, and need not be on a running server. */
export const makeAuthority = async (domains: readonly string[]): Promise<Pair> => {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: commonName(`MIOSA local authority for ${domains[0]}`),
    ...validFor(AUTHORITY_DAYS),
    signingAlgorithm: EC,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(CA_USAGE, true),
      onlyBelow(domains),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: await keyPem(keys.privateKey) };
};

/** Whether this is an authority for exactly these domains, with issuers below it, that lasts long enough. */
export const isAuthorityFor = (certificatePem: string, domains: readonly string[]): boolean => {
  const certificate = new x509.X509Certificate(certificatePem);
  const allowed = certificate.getExtension(x509.BasicConstraintsExtension);
  return hasConstraint(certificate, domains) && allowed?.pathLength === 1 && daysLeft(certificate) > MIN_AUTHORITY_DAYS;
};

/** An issuer below an authority: it can be replaced without anybody having to trust anything new. It ends with its authority. */
export const makeIssuer = async (authority: Pair, domains: readonly string[]): Promise<Pair> => {
  const above = new x509.X509Certificate(authority.certificatePem);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: commonName(`MIOSA local issuer for ${domains[0]}`),
    issuer: above.subject,
    ...validFor(0),
    notAfter: above.notAfter,
    signingAlgorithm: EC,
    signingKey: await readKey(authority.keyPem),
    publicKey: keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(CA_USAGE, true),
      onlyBelow(domains),
      await x509.AuthorityKeyIdentifierExtension.create(above.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: await keyPem(keys.privateKey) };
};

/** Whether the first certificate of `chainPem` was signed by the other one. */
export const isSignedBy = (chainPem: string, abovePem: string): boolean => {
  const above = new X509Certificate(abovePem);
  const leaf = new X509Certificate(chainPem);
  return leaf.checkIssued(above) && leaf.verify(above.publicKey);
};
