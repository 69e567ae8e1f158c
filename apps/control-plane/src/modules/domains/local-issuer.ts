import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertificateIssuer, createSelfSigned } from '@miosa/certs';
import { Fault } from '@miosa/kernel';

/** Signs with the installation's own issuer, `issuer.{pem,key}` in `folder`, as it is at that moment: a new one needs no restart. */
export const localIssuer = (folder: string): CertificateIssuer => ({
  issue: async (names) => {
    const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    const [certificatePem, keyPem] = await Promise.all([read('issuer.pem'), read('issuer.key')]).catch((error: Error) => {
      throw new Fault('UNAVAILABLE', 'This installation cannot issue certificates.', { internal: error.message });
    });
    return createSelfSigned({ certificatePem, keyPem }).issue(names);
  },
});
