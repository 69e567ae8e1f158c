import 'reflect-metadata'; // the certificate library resolves its parts through it
import * as x509 from '@peculiar/x509';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** An authority that nobody else trusts, and a certificate of it for these names. PEM. */
export const companyCertificates = async (names: readonly string[]): Promise<{ authority: string; cert: string; key: string }> => {
  const [ca, leaf] = await Promise.all([0, 1].map(() => crypto.subtle.generateKey(EC, true, ['sign', 'verify'])));
  if (ca === undefined || leaf === undefined) throw new Error('no keys');
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Company',
    signingAlgorithm: EC,
    keys: ca,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=outside',
    issuer: authority.subject,
    signingAlgorithm: EC,
    signingKey: ca.privateKey,
    publicKey: leaf.publicKey,
    extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))],
  });
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', leaf.privateKey), 'PRIVATE KEY');
  return { authority: authority.toString('pem'), cert: certificate.toString('pem'), key };
};
