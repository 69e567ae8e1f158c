import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chownSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemUser } from '@miosa/db';

/** Complete or absent, never half: written beside and renamed. */
export const writeSecret = (path: string, text: string, mode: number, uid: number, gid: number): void => {
  const part = `${path}.part`;
  writeFileSync(part, text, { mode });
  chownSync(part, uid, gid);
  renameSync(part, path);
};

/** Made once; a lost file means: tokens void (`preview`, `jwt`, `edge`) or environment values unreadable (`seal`). Never overwritten. */
export const makeKeys = (folder: string, { uid, gid }: SystemUser): void => {
  const once = (name: string, text: () => string) => {
    const path = join(folder, name);
    if (!existsSync(path)) writeSecret(path, text(), 0o600, uid, gid);
  };
  if (!existsSync(join(folder, 'preview.key')) || !existsSync(join(folder, 'preview.pub'))) {
    const pair = generateKeyPairSync('ed25519');
    writeSecret(join(folder, 'preview.pub'), pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(), 0o600, uid, gid);
    writeSecret(join(folder, 'preview.key'), pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600, uid, gid);
  }
  once('jwt.secret', () => randomBytes(64).toString('hex'));
  once('seal.key', () => randomBytes(32).toString('hex'));
  once('edge.secret', () => randomBytes(32).toString('hex'));
};
