import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { platform } from '../harness/context.ts';

/** Headless Chromium of the distribution that trusts the platform's CA and no other unknown one. */
export const launchBrowser = (): Promise<Browser> => {
  const { publicKey } = new X509Certificate(readFileSync(platform().ca));
  const pin = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox', // the suite runs as root
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      `--ignore-certificate-errors-spki-list=${pin}`,
    ],
  });
};
