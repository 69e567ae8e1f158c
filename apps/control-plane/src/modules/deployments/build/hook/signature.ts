import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const SIGNATURE = /^sha256=([0-9a-f]{64})$/i;
/** Of deployments that do not exist or have no secret: nobody can sign with it, and refusing takes as long. */
const NOBODYS_SECRET = randomBytes(32);

/** `X-Hub-Signature-256` of a Git host: HMAC-SHA256 (RFC 2104) over the raw bytes, compared in constant time. */
export const isSigned = (secret: string | null, bytes: Buffer, header: string | undefined): boolean => {
  const expected = createHmac('sha256', secret ?? NOBODYS_SECRET)
    .update(bytes)
    .digest();
  const given = Buffer.from(SIGNATURE.exec(header ?? '')?.[1] ?? '0'.repeat(64), 'hex');
  return timingSafeEqual(expected, given) && secret !== null;
};
