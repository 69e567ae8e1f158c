import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { platform } from '../harness/context.ts';
import { wayOut } from './way-out.ts';

/**
 * Headless Chromium of the distribution that takes certificates of the platform's own issuer and no other unknown ones. The issuer is named, not our CA:
 * Chromium looks for the key in what the server sends, and a server sends no root. That all of it is signed by our CA is what every request of the
 * suites checks.
 */
export const launchBrowser = async (): Promise<Browser> => {
  const { publicKey } = new X509Certificate(readFileSync(join(platform().dataDir, 'tls', 'issuer.pem')));
  const pin = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
  const way = await wayOut();
  const browser = await chromium.launch({
    executablePath: join(import.meta.dirname, 'chromium.ts'),
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, MIOSA_WAY_OUT: way.path },
    args: [
      '--no-sandbox', // the suite runs as root
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--test-third-party-cookie-phaseout', // as browsers that refuse third-party cookies: only partitioned ones work in a frame
      `--ignore-certificate-errors-spki-list=${pin}`,
    ],
  });
  browser.once('disconnected', way.close);
  return browser;
};
