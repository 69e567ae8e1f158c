import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemUser } from '@miosa/db';
import { signingKeyId } from '@miosa/hostnames';
import { writeSecret } from './keys.ts';

/** File names: what an Ed25519 key id (base64url) may hold, and a secret's hash. */
const nameOfSecret = (secret: string): string => createHash('sha256').update(`miosa secret name\n${secret}`).digest('hex').slice(0, 16);

export interface Rotated {
  /** Files with which earlier tokens still verify; removing one voids them. */
  readonly kept: readonly string[];
}

/**
 * New keys for preview, share and browser tokens and for sessions; the old public key and secret stay beside them, so that what they signed
 * lives on. Each step leaves a folder with which every token minted so far verifies, wherever it is broken off: verifiers read all
 * `preview*.pub` and `jwt*.secret`, and a new key is known to them before anything is signed with it.
 */
export const rotateKeys = (folder: string, { uid, gid }: SystemUser): Rotated => {
  const path = (name: string): string => join(folder, name);
  const write = (name: string, text: string): void => writeSecret(path(name), text, 0o600, uid, gid);

  const oldPublic = readFileSync(path('preview.pub'), 'utf8');
  const oldSecret = readFileSync(path('jwt.secret'), 'utf8').trim();
  const kept = [`preview-${signingKeyId(oldPublic)}.pub`, `jwt-${nameOfSecret(oldSecret)}.secret`] as const;
  write(kept[0], oldPublic);
  write(kept[1], oldSecret);

  const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const ahead = `preview-${signingKeyId(publicKey)}.pub`;
  write(ahead, publicKey);
  write('preview.key', privateKey);
  write('preview.pub', publicKey);
  rmSync(path(ahead));
  write('jwt.secret', randomBytes(64).toString('hex'));
  return { kept };
};
