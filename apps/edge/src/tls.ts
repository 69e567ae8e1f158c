import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Log } from '@miosa/kernel';

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** The pair in `folder`; throws when a file is missing or they do not belong together. */
export const readCertificate = async (folder: string): Promise<Certificate> => {
  const [cert, key] = await Promise.all([readFile(join(folder, 'server.pem')), readFile(join(folder, 'server.key'))]);
  createSecureContext({ cert, key });
  return { cert, key };
};

/** Both files are written one after the other; together they make one reload. */
const SETTLE_MS = 200;

export interface CertificateWatch {
  /** Reads the files again now (SIGHUP). */
  reload(): void;
  close(): void;
}

/** Gives every new certificate in `folder` to `use`. A pair that cannot be used changes nothing and is logged. */
export const watchCertificate = (folder: string, use: (certificate: Certificate) => void, log: Log): CertificateWatch => {
  let timer: NodeJS.Timeout | undefined;
  const reload = (): void => {
    readCertificate(folder).then(use, (error: unknown) =>
      log.error({ error }, 'the new TLS certificate cannot be used; the old one stays'),
    );
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(reload, SETTLE_MS);
  };
  // The folder and not the files: certificates are replaced by rename.
  const watcher: FSWatcher = watch(folder, soon);
  watcher.on('error', (error) => log.warn({ error }, 'the TLS folder is no longer watched; SIGHUP still reloads'));
  return {
    reload,
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
};
