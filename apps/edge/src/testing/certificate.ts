import 'reflect-metadata'; // the certificate library resolves its parts through it
import * as x509 from '@peculiar/x509';
import type { Certificate } from '../tls.ts';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const keyPem = async (key: CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

/** An authority of the test's own, and certificates of it. */
export const testAuthority = async () => {
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test authority',
    signingAlgorithm: EC,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return {
    caPem: authority.toString('pem'),
    issue: async (names: readonly string[], notAfter = new Date(Date.now() + 90 * 86_400_000)) => {
      const own = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
      const leaf = await x509.X509CertificateGenerator.create({
        subject: 'CN=test leaf',
        issuer: authority.subject,
        notAfter,
        signingAlgorithm: EC,
        signingKey: keys.privateKey,
        publicKey: own.publicKey,
        extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))],
      });
      return { certificate: leaf.toString('pem'), private_key: await keyPem(own.privateKey), expires_at: notAfter.toISOString() };
    },
  };
};

export type TestAuthority = Awaited<ReturnType<typeof testAuthority>>;

/** A self-signed certificate for one name. */
export const selfSigned = async (name: string): Promise<Certificate> => {
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    signingAlgorithm: EC,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  return { cert: Buffer.from(certificate.toString('pem')), key: Buffer.from(await keyPem(keys.privateKey)) };
};
