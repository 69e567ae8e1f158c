import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mintToken, verifyToken } from '@miosa/hostnames';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeKeys } from './keys.ts';
import { rotateKeys } from './rotate-keys.ts';

const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 } as Parameters<typeof rotateKeys>[1];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync('/tmp/rotate-test-');
  makeKeys(folder, self);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
const publicKeys = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pub'))
    .map(text);
const mint = (): string =>
  mintToken('share', text('preview.key'), {
    ...{ jti: 'shr_1', sandboxId: 'sbx_1', port: 80, scope: 'read', exp: null, keyId: null, tenantId: 't' },
  });

test('tokens of every key there was live on, and new ones are signed with the new key', () => {
  const tokens = [mint()];
  const secrets = [text('jwt.secret')];
  for (let round = 0; round < 2; round++) {
    rotateKeys(folder, self);
    tokens.push(mint());
    secrets.push(text('jwt.secret'));
  }
  for (const token of tokens) expect(verifyToken(publicKeys(), token, 0)).not.toBeNull();
  expect(tokens.map((token) => verifyToken(text('preview.pub'), token, 0) !== null)).toEqual([false, false, true]);
  const kept = readdirSync(folder).filter((name) => name.startsWith('jwt'));
  expect(kept.map(text).sort()).toEqual([...secrets].sort());
  expect(new Set(secrets).size).toBe(3);
});

test('a key that is taken away voids what it signed; nothing is readable to others', () => {
  const before = mint();
  const { kept } = rotateKeys(folder, self);
  for (const name of readdirSync(folder)) expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
  for (const name of kept) rmSync(join(folder, name));
  expect(verifyToken(publicKeys(), before, 0)).toBeNull();
});
