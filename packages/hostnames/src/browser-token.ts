import { type BrowserPermission, isBrowserPermission } from '@miosa/kernel';
import { open, type PublicKeys, seal } from './envelope.ts';

const PREFIX = 'mbt_';
/** Three external ids of 255 four-byte characters, and base64, make about 5,000; longer input is not even decoded. */
const MAX_TOKEN_CHARACTERS = 8192;
const MAX_EXTERNAL_CHARACTERS = 255;

/** What a browser token says (contract 2.5). `exp` is unix seconds; `keyId` and `userId` are the key and user behind it, at least one. */
export interface BrowserTokenPayload {
  readonly jti: string;
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly projectId: string | null;
  readonly sandboxId: string | null;
  readonly permissions: readonly BrowserPermission[];
  readonly externalWorkspaceId: string | null;
  readonly externalUserId: string | null;
  readonly externalProjectId: string | null;
  readonly exp: number;
  readonly keyId: string | null;
  readonly userId: string | null;
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const isId = (value: unknown): value is string => typeof value === 'string' && ID.test(value);
const isIdOrNull = (value: unknown): value is string | null => value === null || isId(value);
const isText = (value: unknown): value is string | null =>
  value === null || (typeof value === 'string' && value.isWellFormed() && [...value].length <= MAX_EXTERNAL_CHARACTERS);
const arePermissions = (value: unknown): value is BrowserPermission[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && isBrowserPermission(item));

/** The payload with its fields in their one order, or null when a field is wrong. */
const readPayload = (input: unknown): BrowserTokenPayload | null => {
  if (typeof input !== 'object' || input === null) return null;
  const given = input as Record<string, unknown>;
  const { jti, tenantId, workspaceId, projectId, sandboxId, permissions } = given;
  const { externalWorkspaceId, externalUserId, externalProjectId, exp, keyId, userId } = given;
  if (!isId(jti) || !isId(tenantId) || !isId(workspaceId) || !isIdOrNull(projectId) || !isIdOrNull(sandboxId)) return null;
  if (!arePermissions(permissions) || !isText(externalWorkspaceId) || !isText(externalUserId) || !isText(externalProjectId)) return null;
  if (typeof exp !== 'number' || !Number.isSafeInteger(exp) || exp <= 0) return null;
  if (!isIdOrNull(keyId) || !isIdOrNull(userId) || (keyId === null && userId === null)) return null;
  const external = { externalWorkspaceId, externalUserId, externalProjectId };
  return { jti, tenantId, workspaceId, projectId, sandboxId, permissions, ...external, exp, keyId, userId };
};

/** Signs a `mbt_` token. Throws a TypeError for a payload that could never verify. */
export const mintBrowserToken = (privateKeyPem: string, payload: BrowserTokenPayload): string => {
  const clean = readPayload(payload);
  if (!clean) throw new TypeError('not a payload of a browser token');
  return PREFIX + seal('browser', privateKeyPem, clean);
};

/** The payload when a signature by one of these keys holds and the token has not expired, else null. */
export const verifyBrowserToken = (publicKeys: PublicKeys, token: string, nowSeconds: number): BrowserTokenPayload | null => {
  if (!token.startsWith(PREFIX) || token.length > MAX_TOKEN_CHARACTERS) return null;
  const payload = open('browser', publicKeys, token.slice(PREFIX.length), readPayload);
  return payload === null || nowSeconds >= payload.exp ? null : payload;
};
