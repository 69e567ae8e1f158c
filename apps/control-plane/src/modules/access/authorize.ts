import { type Access, leastRoleOf, type Route } from '@miosa/http';
import { type Actor, atLeast, type BrowserActor, Fault, isOperator, type Role, widerRole } from '@miosa/kernel';
import { covers } from './scopes.ts';

/** The one scope of LLM routes: what a key of purpose `optimal` is for, and no other. */
const LLM_SCOPE = 'llm:invoke';

type Rules = Exclude<Access, 'public'>;

const forbidden = (message: string, details: Readonly<Record<string, string>>): Fault => new Fault('FORBIDDEN', message, { details });

const requireRole = (role: Role, needed: Role): void => {
  if (!atLeast(role, needed)) throw forbidden(`This needs the role ${needed} in the organization.`, { required_role: needed });
};

/**
 * A viewer of the organization may be more in a workspace, and the wider role counts there (contract 2.2): such a caller passes for what
 * members may, and finds only workspaces where it is one. What needs an admin is the organization's business, unless the route says that the role in the workspace counts.
 */
const roleFor = ({ role, workspaces = [] }: Extract<Actor, { type: 'key' | 'user' }>, needed: Role, { roleIn }: Rules): Role => {
  const own = role ?? 'viewer';
  return needed === 'member' || roleIn === 'workspace' ? workspaces.reduce((widest, place) => widerRole(widest, place.role), own) : own;
};

const authorizeKey = (actor: Extract<Actor, { type: 'key' }>, rules: Rules, role: Role): void => {
  if (rules.credentials === 'jwt') {
    throw forbidden('This needs the session of a logged-in user; API keys are not accepted here.', {
      reason: 'session_required',
      required_role: role,
    });
  }
  const purpose = rules.scope === LLM_SCOPE ? 'optimal' : 'api';
  if (actor.purpose !== purpose) {
    throw forbidden(`This key has the purpose ${actor.purpose}; here a key of purpose ${purpose} is needed.`, {
      reason: 'wrong_purpose',
      required_purpose: purpose,
    });
  }
  if (rules.scope !== null && !covers(actor.scopes, rules.scope)) {
    throw forbidden(`This key lacks the scope ${rules.scope}.`, { required_scope: rules.scope });
  }
  if (actor.workspaceId !== null && rules.scope?.startsWith('tenant:')) {
    throw forbidden('This key is bound to a workspace and cannot touch the organization.', { reason: 'workspace_bound_key' });
  }
  if (actor.keyType !== 'user') return;
  if (rules.userKeys === false) throw forbidden('Keys of users are not accepted here; use a server key.', { reason: 'user_key' });
  requireRole(roleFor(actor, role, rules), role);
};

/** Only what the route opens to browsers, with the permission it names (contract 2.5). The boundary is judged where the resource is looked up. */
const authorizeBrowser = ({ permissions }: BrowserActor, { browser }: Rules): void => {
  if (browser === undefined) {
    throw forbidden('A browser token cannot do this; call it from your backend with an API key.', { reason: 'browser_token' });
  }
  if (browser === 'any' || permissions.includes(browser)) return;
  throw forbidden(`This browser token lacks the permission ${browser}.`, { reason: 'browser_token', required_permission: browser });
};

/** Credential known (401 is past): may it call this operation at all? Throws FORBIDDEN. Which resources it sees comes after. */
export const authorize = (actor: Actor, route: Pick<Route, 'access' | 'method'>): void => {
  const { access } = route;
  if (access === 'public' || actor.type === 'system') return;
  if (access.operator === true && !isOperator(actor)) {
    throw forbidden('Only operators of the installation may do this.', { required_role: 'operator' });
  }
  const role = leastRoleOf(route);
  if (actor.type === 'browser') authorizeBrowser(actor, access);
  else if (actor.type === 'key') authorizeKey(actor, access, role);
  else if (access.scope === LLM_SCOPE) {
    throw forbidden('LLM routes take API keys of purpose optimal only.', { reason: 'wrong_purpose', required_purpose: 'optimal' });
  } else requireRole(roleFor(actor, role, access), role);
};
