import { Fault, invalid, type KeyPurpose, type KeyType, notFound, type Op, type UserId, type WorkspaceId } from '@miosa/kernel';
import { boundWorkspace, type Tenancy } from '../tenancy/index.ts';
import { normaliseCidrs, withinCidrs } from './addresses.ts';
import type { ApiKeyRow } from './keys.store.ts';
import { ratesOfPlan } from './rates.ts';
import { isSubset, SCOPES } from './scopes.ts';

const ALL: readonly KeyType[] = ['user', 'live', 'test', 'admin', 'platform'];

/** Who mints what (contract 2.4). Only users, and keys of users, have a user to bind a `user` key to. */
export const mintableTypes = ({ actor }: Op): readonly KeyType[] => {
  if (actor.type === 'system') return ALL;
  if (actor.type === 'user') {
    if (actor.isOperator) return ALL;
    return actor.role === 'admin' || actor.role === 'owner' ? ['user', 'live', 'test'] : ['user'];
  }
  if (actor.type === 'browser') return [];
  if (actor.keyType === 'user') return ['user'];
  return actor.keyType === 'live' || actor.keyType === 'test' ? ['live', 'test'] : ['live', 'test', 'admin', 'platform'];
};

/** What a new key may be made of. The key that mints it is its ceiling in every respect; a user's session has none. */
export type Ceiling = Pick<ApiKeyRow, 'scopes' | 'allowed_ips' | 'expires_at' | 'rate_limit_rpm'> | null;

export const widening = (what: string): Fault =>
  new Fault('FORBIDDEN', `A key cannot give more than it has itself: ${what}.`, { details: { reason: 'key_widens_itself' } });

export const checkScopes = (path: string, scopes: readonly string[]): void => {
  scopes.forEach((scope, i) => {
    if (!SCOPES.has(scope)) throw invalid(`${path}[${i}]`, `"${scope}" is not a scope`);
  });
};

export const scopesFor = (purpose: KeyPurpose, wanted: readonly string[] | null | undefined, ceiling: Ceiling): readonly string[] => {
  const scopes = wanted ?? (purpose === 'optimal' ? ['llm:invoke'] : ['*']);
  checkScopes('scopes', scopes);
  if (purpose === 'optimal' && scopes.some((scope) => scope !== 'llm:invoke')) {
    throw invalid('scopes', 'a key of purpose optimal carries llm:invoke and nothing else');
  }
  if (ceiling !== null && !isSubset(scopes, ceiling.scopes)) throw widening('scopes');
  return scopes;
};

export const addressesFor = (wanted: readonly string[] | null | undefined, ceiling: Ceiling): readonly string[] => {
  const inherited = ceiling?.allowed_ips ?? [];
  const cidrs = wanted == null ? inherited : normaliseCidrs('allowed_ips', wanted);
  if (!withinCidrs(cidrs, inherited)) throw widening('allowed_ips');
  return cidrs;
};

export const expiryFor = (wanted: string | null | undefined, ceiling: Ceiling, now: Date): Date | null => {
  const latest = ceiling?.expires_at ?? null;
  if (wanted == null) return latest;
  const at = new Date(wanted);
  if (!(at.getTime() > now.getTime())) throw invalid('expires_at', 'must be in the future');
  if (latest !== null && at > latest) throw widening('expires_at');
  return at;
};

/** The plan's value unless a lower one is asked for (contract 1.6). */
export const rpmFor = (plan: string, wanted: number | null | undefined, ceiling: Ceiling): number =>
  Math.min(ratesOfPlan(plan).key, wanted ?? Number.POSITIVE_INFINITY, ceiling?.rate_limit_rpm ?? Number.POSITIVE_INFINITY);

/** The workspace of a new key: the minting key's own when that is bound, else any the caller sees; what it does not see is 404. */
export const workspaceFor = async (op: Op, tenancy: Tenancy, wanted: string | null | undefined): Promise<WorkspaceId | null> => {
  const bound = boundWorkspace(op);
  if (wanted == null) return bound;
  if (bound !== null && bound !== wanted.toLowerCase()) throw notFound();
  return tenancy.requireWorkspace(op, wanted);
};

/** The user a `user` key is bound to. */
export const userFor = ({ actor }: Op, type: KeyType): UserId | null => {
  if (type !== 'user') return null;
  if (actor.type === 'user') return actor.id;
  return actor.type === 'key' ? actor.userId : null;
};
