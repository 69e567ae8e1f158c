import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** What a visitor may do on one preview host: the content of the session cookie, or of a token presented directly. */
export interface Session {
  readonly host: string;
  readonly sandboxId: string;
  readonly port: number;
  readonly scope: 'read' | 'interact';
  /** Unix seconds; null for shares without an end. */
  readonly exp: number | null;
  readonly keyId: string | null;
  /** SHA-256 of the share token, base64url; null for preview tokens. */
  readonly share: string | null;
}

export interface Sessions {
  seal(session: Session): string;
  /** The session when we sealed it, for this very host; else null. Whether it still holds is another question. */
  open(value: string, host: string): Session | null;
}

const LABEL = 'miosa-preview-session-v1\n';
/** Opened cookies remembered; the signature check is a tenth of the cost of a small request. About 500 bytes each. */
const MAX_REMEMBERED = 10_000;

export const createSessions = (secret: Buffer): Sessions => {
  if (secret.length < 32) throw new RangeError('the cookie secret has fewer than 32 bytes');
  const key = createSecretKey(secret);
  const remembered = new Map<string, Session>();
  const mac = (body: string): Buffer => createHmac('sha256', key).update(LABEL).update(body).digest();

  const check = (value: string): Session | null => {
    const dot = value.indexOf('.');
    const given = Buffer.from(value.slice(dot + 1), 'base64url');
    const body = value.slice(0, Math.max(dot, 0));
    if (given.length !== 32 || !timingSafeEqual(given, mac(body))) return null;
    const session = JSON.parse(Buffer.from(body, 'base64url').toString()) as Session;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(value, session);
    return session;
  };

  return {
    seal: (session) => {
      const body = Buffer.from(JSON.stringify(session)).toString('base64url');
      return `${body}.${mac(body).toString('base64url')}`;
    },
    open: (value, host) => {
      const session = remembered.get(value) ?? check(value);
      return session?.host === host ? session : null;
    },
  };
};
