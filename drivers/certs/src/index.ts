export { isAuthorityFor, isSignedBy, makeAuthority, makeIssuer, type Pair } from './authority.ts';
export type { CertificateIssuer, IssuedCertificate } from './port.ts';
export { createSelfSigned } from './self-signed.ts';
