export type TokenKind = 'preview' | 'share';

/** What a preview or share token says. `exp` is unix seconds; only shares may have none. `keyId` is the API key that minted it. */
export interface TokenPayload {
  readonly jti: string;
  readonly sandboxId: string;
  readonly port: number | 'any';
  readonly scope: 'read' | 'interact';
  readonly exp: number | null;
  readonly keyId: string | null;
  readonly tenantId: string;
}

// Ids only: no character that JSON would escape, so every payload has one spelling.
const ID = /^[A-Za-z0-9_-]{1,64}$/;
const isId = (value: unknown): value is string => typeof value === 'string' && ID.test(value);
const isPort = (value: unknown): value is number | 'any' =>
  value === 'any' || (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535);
const isExpiry = (value: unknown): value is number | null =>
  value === null || (typeof value === 'number' && Number.isSafeInteger(value) && value > 0);

/** The payload with its fields in their one order, or null when a field is wrong for this kind (contract 4.2: shares are read-only). */
export const readPayload = (kind: TokenKind, input: unknown): TokenPayload | null => {
  if (typeof input !== 'object' || input === null) return null;
  const { jti, sandboxId, port, scope, exp, keyId, tenantId } = input as Record<string, unknown>;
  if (!isId(jti) || !isId(sandboxId) || !isId(tenantId) || !isPort(port) || !isExpiry(exp)) return null;
  if (keyId !== null && !isId(keyId)) return null;
  if (scope !== 'read' && scope !== 'interact') return null;
  if (kind === 'share' ? scope !== 'read' : exp === null) return null;
  return { jti, sandboxId, port, scope, exp, keyId, tenantId };
};
