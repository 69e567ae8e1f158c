import { type TokenPayload, tokenHash, verifyToken } from '@miosa/hostnames';
import type { SandboxRoute } from '../routes/types.ts';
import type { World } from '../routes/world.ts';
import type { Session } from './session.ts';

/** How a session stands now. `until`: unix milliseconds at which it ends by itself, null = never. */
export type Standing = { readonly holds: true; readonly until: number | null } | { readonly holds: false };

export interface Judge {
  /** The port a well-signed, unexpired token is bound to; null for any other. */
  portOf(token: string): number | 'any' | null;
  /** The session a token opens on this host and port, or null: wrong, foreign, expired or revoked (nobody learns which). */
  sessionOf(token: string, place: { readonly host: string; readonly port: number; readonly route: SandboxRoute }): Promise<Session | null>;
  /** Whether a session is still good: time, the key that minted it, the share it came from. */
  standing(session: Session): Promise<Standing>;
}

const ENDED: Standing = { holds: false };
const earliest = (...times: readonly (number | null | undefined)[]): number | null => {
  const known = times.filter((time): time is number => typeof time === 'number');
  return known.length === 0 ? null : Math.min(...known);
};

const opens = (payload: TokenPayload, port: number, route: SandboxRoute): boolean =>
  port > 0 && payload.sandboxId === route.id && payload.tenantId === route.tenantId && (payload.port === 'any' || payload.port === port);

export const createJudge = (deps: {
  readonly world: World;
  readonly publicKeys: () => readonly string[];
  readonly now?: () => number;
}): Judge => {
  const { world, publicKeys, now = Date.now } = deps;

  const standing = async (session: Session): Promise<Standing> => {
    const share = session.share === null ? undefined : await world.share(session.share);
    // A share that is not in the view was deleted or belongs to nobody.
    if (share === null || share?.revokedAt || (share && share.sandboxId !== session.sandboxId)) return ENDED;
    const key = session.keyId === null ? undefined : await world.key(session.keyId);
    if (key?.revokedAt) return ENDED;
    const until = earliest(session.exp === null ? null : session.exp * 1000, share?.expiresAt?.getTime(), key?.expiresAt?.getTime());
    return until !== null && now() >= until ? ENDED : { holds: true, until };
  };

  const verify = (token: string) => verifyToken(publicKeys(), token, Math.floor(now() / 1000));

  return {
    standing,
    portOf: (token) => verify(token)?.payload.port ?? null,
    sessionOf: async (token, { host, port, route }) => {
      const verified = verify(token);
      if (verified === null || !opens(verified.payload, port, route)) return null;
      const { kind, payload } = verified;
      const share = kind === 'share' ? tokenHash(token).toString('base64url') : null;
      const session: Session = { host, sandboxId: route.id, port, scope: payload.scope, exp: payload.exp, keyId: payload.keyId, share };
      return (await standing(session)).holds ? session : null;
    },
  };
};
