import { type BrowserTokenPayload, verifyBrowserToken } from '@miosa/hostnames';
import type { ApiKeyId, Boundary, BrowserActor, ProjectId, TenantId, UserId, WorkspaceId } from '@miosa/kernel';
import { type BrowserCredentials, createLookup, type Minter, type MinterNow, mintersNow, ratesOf } from '../access/index.ts';
import type { BrowserTokensDeps } from './core.ts';
import { stillGives } from './permissions.ts';

export interface Judge extends BrowserCredentials {
  /** The caller a payload stands for, as it may act now; null when the token, its minter or its boundary has ended. */
  actorOf(payload: BrowserTokenPayload): Promise<BrowserActor | null>;
}

const toActor = (payload: BrowserTokenPayload, minter: MinterNow): BrowserActor => ({
  type: 'browser',
  id: payload.jti,
  name: payload.externalUserId ?? 'browser token',
  tenantId: payload.tenantId as TenantId,
  mintedBy: { keyId: payload.keyId as ApiKeyId | null, userId: payload.userId as UserId | null },
  boundary: {
    workspaceId: payload.workspaceId as WorkspaceId,
    projectId: payload.projectId as ProjectId | null,
    sandboxId: payload.sandboxId,
    // A user's key sees that user's own resources only, so does what it minted; a session sees its workspaces.
    ownerUserId: payload.keyId === null ? null : (payload.userId as UserId | null),
  },
  permissions: payload.permissions.filter((permission) => stillGives(minter, permission)),
  external: { workspaceId: payload.externalWorkspaceId, userId: payload.externalUserId, projectId: payload.externalProjectId },
  expiresAt: new Date(payload.exp * 1000),
  rates: ratesOf(payload.tenantId as TenantId, minter.plan),
});

type Place = Pick<Boundary, 'workspaceId' | 'projectId' | 'sandboxId'>;

/** Decides whether browser tokens hold. The signature needs no query; that minter and boundary still live is looked up, at most 0.9 s old. */
export const createJudge = ({ db, tenancy, sandboxes, signingKeys, nowMs = Date.now }: BrowserTokensDeps): Judge => {
  const minters = createLookup<MinterNow | null>(nowMs);
  const places = createLookup<boolean>(nowMs);

  /** One query for each kind of place, however many there are. */
  const alive = async (asked: readonly Place[]): Promise<readonly boolean[]> => {
    const ids = (of: (place: Place) => string | null) => [...new Set(asked.map(of).filter((id) => id !== null))];
    const [living, standing] = await Promise.all([
      sandboxes.living(ids((place) => place.sandboxId)),
      tenancy.livingPlaces(
        ids((place) => place.workspaceId),
        ids((place) => place.projectId),
      ),
    ]);
    return asked.map(
      ({ workspaceId, projectId, sandboxId }) =>
        standing.has(workspaceId) && (projectId === null || standing.has(projectId)) && (sandboxId === null || living.has(sandboxId)),
    );
  };

  const minterOf = (minter: Minter): Promise<MinterNow | null> =>
    minters.get(`${minter.tenantId} ${minter.keyId} ${minter.userId}`, async () => (await mintersNow(db.read, [minter]))[0] ?? null);

  const isAlive = ({ workspaceId, projectId, sandboxId }: BrowserTokenPayload): Promise<boolean> => {
    const place = { workspaceId: workspaceId as WorkspaceId, projectId: projectId as ProjectId | null, sandboxId };
    return places.get(`${workspaceId} ${projectId} ${sandboxId}`, async () => (await alive([place]))[0] ?? false);
  };

  const actorOf: Judge['actorOf'] = async (payload) => {
    if (nowMs() >= payload.exp * 1000) return null;
    const [minter, lives] = await Promise.all([minterOf(payload), isAlive(payload)]);
    return minter !== null && lives ? toActor(payload, minter) : null;
  };

  return {
    actorOf,
    verify: async (token) => {
      const payload = verifyBrowserToken(signingKeys().publicKeys, token, Math.floor(nowMs() / 1000));
      return payload === null ? null : actorOf(payload);
    },
    ended: async (actors) => {
      const asked = actors.map(({ mintedBy, tenantId }) => ({ ...mintedBy, tenantId }));
      const [standing, lives] = await Promise.all([mintersNow(db.read, asked), alive(actors.map(({ boundary }) => boundary))]);
      const now = nowMs();
      return new Set(actors.filter(({ expiresAt }, i) => standing[i] === null || lives[i] !== true || now >= expiresAt.getTime()));
    },
  };
};
