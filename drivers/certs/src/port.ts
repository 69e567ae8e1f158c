/** A certificate as servers take it. */
export interface IssuedCertificate {
  /** PEM: the leaf, then what leads from it to a trusted authority. */
  readonly chainPem: string;
  /** PEM, PKCS #8. */
  readonly keyPem: string;
  readonly expiresAt: Date;
}

/** Whoever vouches for host names. */
export interface CertificateIssuer {
  /** One certificate for all of these names; wildcards stand for one label. Throws when they are not its to vouch for. */
  issue(names: readonly string[]): Promise<IssuedCertificate>;
}
