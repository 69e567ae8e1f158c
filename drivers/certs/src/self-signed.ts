import 'reflect-metadata'; // the certificate library resolves its parts through it
import * as x509 from '@peculiar/x509';
import type { CertificateIssuer } from './port.ts';
import { commonName, EC, keyPem, newKeys, type Pair, readKey, serial, validFor } from './x509.ts';

/** Browsers refuse leaves that are valid for longer than 398 days (CA/Browser Forum ballot SC31). */
const LEAF_DAYS = 396;

/** Vouches for names with an issuer of our own. Clients that trust the authority above it hold it to its domains; nothing is asked of anybody. */
export const createSelfSigned = (issuer: Pair): CertificateIssuer => {
  const above = new x509.X509Certificate(issuer.certificatePem);
  const signingKey = readKey(issuer.keyPem);
  signingKey.catch(() => undefined); // `issue` tells
  return {
    issue: async (names) => {
      if (names.length === 0) throw new TypeError('a certificate needs a name');
      const keys = await newKeys();
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: commonName(names[0] ?? ''),
        issuer: above.subject,
        ...validFor(LEAF_DAYS),
        signingAlgorithm: EC,
        signingKey: await signingKey,
        publicKey: keys.publicKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
          await x509.AuthorityKeyIdentifierExtension.create(above.publicKey),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
      return {
        chainPem: `${leaf.toString('pem')}\n${issuer.certificatePem}`,
        keyPem: await keyPem(keys.privateKey),
        expiresAt: leaf.notAfter,
      };
    },
  };
};
