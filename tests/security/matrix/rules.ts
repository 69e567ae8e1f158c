/** Contract 2.6 once more, written without a look at the code that enforces it: what a declaration means for each kind of caller. */
import type { Declared, Operation, Role } from './document.ts';

export type KeyType = 'user' | 'admin' | 'platform' | 'live' | 'test';

/** Where the caller stands to what an operation names by id. */
export type View =
  /** It is the caller's own, in a workspace it belongs to, within its boundary. */
  | 'own'
  /** Of the same workspace, but of another user. */
  | 'others'
  /** In a workspace or boundary of the same organization that is not the caller's. */
  | 'elsewhere'
  /** Of another organization. */
  | 'foreign';

export type Caller =
  /** Nothing, or nothing that is valid as a bearer credential of the API. */
  | { readonly as: 'nobody' }
  /** `?ticket=` in the address. */
  | { readonly as: 'ticket' }
  | {
      readonly as: 'key';
      readonly type: KeyType;
      readonly purpose: 'api' | 'optimal';
      readonly scopes: 'all' | 'needed' | 'all but needed';
      /** Of the user behind a user key. */
      readonly role: Role;
      readonly bound: boolean;
      readonly view: View;
    }
  | {
      readonly as: 'session';
      readonly role: Role;
      /** In the workspace of what it asks for; the wider of the two counts there. */
      readonly workspaceRole: Role;
      readonly operator: boolean;
      readonly view: View;
    }
  | { readonly as: 'browser'; readonly permission: boolean; readonly view: View };

/** What the ids of an operation stand for. */
export type Target =
  | 'nothing'
  /** Of a project, and of the user who made it: sandboxes and what belongs to them. */
  | 'resource'
  /** Workspaces and projects themselves. */
  | 'place'
  /** API keys: of the user who made them, or of the organization. */
  | 'key'
  | 'organization'
  /** Of the whole installation: for operators, who see all of it. */
  | 'installation';

export interface Asked extends Pick<Operation, 'access' | 'method' | 'streams'> {
  readonly target: Target;
  /** What a key needs; the declared one but for a few. */
  readonly scope: string | null;
  /** Its effect lies in no workspace. */
  readonly organizationWide: boolean;
  /** The answer to operators who are no members of the organization, where it differs. */
  readonly strangers: 403 | 404 | null;
  /** Public, and refused without a signature: the matrix has none. */
  readonly signed: boolean;
  /** Asked once everything is found. */
  readonly others?: Pick<Rules, 'minRole' | 'roleIn'>;
}

export type Verdict = 'allowed' | 401 | 403 | 404;

const RANK: Readonly<Record<Role, number>> = { viewer: 0, member: 1, admin: 2, owner: 3 };
const LLM = 'llm:invoke';

type Rules = Exclude<Declared, 'public'>;

const leastRole = ({ minRole }: Rules, method: string): Role => minRole ?? (method === 'GET' ? 'viewer' : 'member');

const keyMayCall = (caller: Extract<Caller, { as: 'key' }>, rules: Rules, { method, scope, organizationWide }: Asked): boolean => {
  if (rules.operator === true && caller.type !== 'admin' && caller.type !== 'platform') return false;
  if (rules.credentials === 'jwt') return false;
  if ((caller.purpose === 'optimal') !== (rules.scope === LLM)) return false;
  if (scope !== null && caller.scopes === 'all but needed') return false;
  if (caller.bound && (organizationWide || rules.scope?.startsWith('tenant:') === true)) return false;
  if (caller.type !== 'user') return true;
  return rules.userKeys !== false && RANK[caller.role] >= RANK[leastRole(rules, method)];
};

const sessionMayCall = (caller: Extract<Caller, { as: 'session' }>, rules: Rules, method: string): boolean => {
  if (rules.operator === true && !caller.operator) return false;
  if (rules.scope === LLM) return false;
  // Operators act as admins; what only an owner may is not theirs.
  const inOrganization = caller.operator && caller.role !== 'owner' ? 'admin' : caller.role;
  const role = rules.roleIn === 'workspace' && RANK[caller.workspaceRole] > RANK[inOrganization] ? caller.workspaceRole : inOrganization;
  return RANK[role] >= RANK[leastRole(rules, method)];
};

const browserMayCall = (caller: Extract<Caller, { as: 'browser' }>, rules: Rules): boolean =>
  rules.operator !== true && rules.browser !== undefined && (rules.browser === 'any' || caller.permission);

const mayCall = (caller: Exclude<Caller, { as: 'nobody' | 'ticket' }>, rules: Rules, asked: Asked): boolean => {
  if (caller.as === 'key') return keyMayCall(caller, rules, asked);
  return caller.as === 'session' ? sessionMayCall(caller, rules, asked.method) : browserMayCall(caller, rules);
};

/** Does a caller who may call the operation find what it names? */
const finds = (caller: Exclude<Caller, { as: 'nobody' | 'ticket' }>, target: Target): boolean => {
  if (target === 'nothing' || target === 'installation' || caller.view === 'own') return true;
  if (caller.view === 'foreign') return false;
  if (caller.view === 'others') return target === 'place' || target === 'organization';
  // Keys that a member made follow the member, not a workspace.
  return target === 'organization' || (target === 'key' && caller.as === 'session');
};

/** Order of contract 1.3: credential (401), role and scope (403), then what is named (404). */
export const verdict = (caller: Caller, asked: Asked): Verdict => {
  const { access, method, streams, target, signed } = asked;
  if (access === 'public') return signed ? 403 : 'allowed';
  if (caller.as === 'nobody') return 401;
  if (caller.as === 'ticket') return streams && method === 'GET' ? 'allowed' : 401;
  if (!mayCall(caller, access, asked)) return 403;
  if (caller.as === 'session' && caller.operator && asked.strangers !== null) return asked.strangers;
  if (!finds(caller, target)) return 404;
  return asked.others === undefined || mayCall(caller, { ...access, ...asked.others }, asked) ? 'allowed' : 403;
};
