import { X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';

export interface Held {
  readonly context: SecureContext;
  /** Unix ms. */
  readonly expiresAt: number;
}

const SUFFIX = '.pem';
const ALL_CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificate in `pem`, which holds chain and key; null unless it is good for `name` now and leads to the authority `caPem`. */
export const hold = (pem: string, name: string, caPem: string): Held | null => {
  const chain = (pem.match(ALL_CERTIFICATES) ?? []).map((text) => new X509Certificate(text));
  const [leaf] = chain;
  const authority = new X509Certificate(caPem);
  const isLinked = chain.every((certificate, i) => certificate.verify((chain[i + 1] ?? authority).publicKey));
  const expiresAt = Date.parse(leaf?.validTo ?? '');
  if (leaf === undefined || !isLinked || !(expiresAt > Date.now()) || leaf.checkHost(name) === undefined) return null;
  return { context: createSecureContext({ cert: pem, key: pem, minVersion: 'TLSv1.2' }), expiresAt };
};

/** Issued certificates on disk, one file for each organization: they outlive restarts, and outages of who issues them. */
export const createCertificateFiles = (folder: string) => {
  const names = new Set<string>();
  try {
    for (const file of readdirSync(folder)) if (file.endsWith(SUFFIX)) names.add(file.slice(0, -SUFFIX.length));
  } catch {
    // Without the folder nothing is kept; `write` tells.
  }
  const pathOf = (organization: string): string => join(folder, organization + SUFFIX);
  return {
    has: (organization: string): boolean => names.has(organization),
    read: (organization: string): Promise<string> => readFile(pathOf(organization), 'utf8'),
    write: async (organization: string, pem: string): Promise<void> => {
      await writeFile(`${pathOf(organization)}.new`, pem, { mode: 0o600 });
      await rename(`${pathOf(organization)}.new`, pathOf(organization));
      names.add(organization);
    },
  };
};

export type CertificateFiles = ReturnType<typeof createCertificateFiles>;
