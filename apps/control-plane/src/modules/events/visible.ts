import { type Actor, atLeast, Fault, isUuid, type Op } from '@miosa/kernel';
import { sql } from 'kysely';
import { FAMILIES, type Family } from './families.ts';
import type { Condition } from './store.ts';

/** What this module is told of callers; the modules that know have events of their own, so it does not import them. */
export interface Callers {
  hasScope(actor: Actor, scope: string): boolean;
  visibleWorkspaces(op: Op): 'all' | readonly string[];
}

export interface EventFilters {
  /** Comma-separated types; `sandbox.*` is a family, `*` everything. */
  readonly types?: string | undefined;
  readonly workspace_id?: string | undefined;
  readonly project_id?: string | undefined;
  readonly external_workspace_id?: string | undefined;
  readonly external_user_id?: string | undefined;
  readonly external_project_id?: string | undefined;
}

const NOTHING: Condition = sql<boolean>`false`;
const any = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? NOTHING : sql<boolean>`(${sql.join(conditions, sql` or `)})`;
const all = (conditions: readonly Condition[]): Condition => sql<boolean>`(${sql.join(conditions, sql` and `)})`;
const is = (column: string, value: string): Condition => sql<boolean>`${sql.ref(column)} = ${value}`;
const isUuidOf = (column: string, value: string): Condition =>
  isUuid(value) ? sql<boolean>`${sql.ref(column)} = ${value}::uuid` : NOTHING;

/** The patterns of `types`; none: everything. */
export const patternsOf = (types: string | undefined): string[] =>
  (types ?? '*')
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');

const matches = (pattern: string): Condition => {
  if (pattern === '*') return sql<boolean>`true`;
  return pattern.endsWith('.*') ? sql<boolean>`starts_with(type, ${pattern.slice(0, -1)})` : is('type', pattern);
};

const userBehind = ({ actor }: Op): string | null => (actor.type === 'key' ? actor.userId : null);

const isAdmin = ({ actor }: Op): boolean => actor.type === 'user' && (actor.isOperator || atLeast(actor.role, 'admin'));

const mayRead = (op: Op, { kind, scope }: Family, callers: Callers): boolean =>
  kind === 'administration' ? isAdmin(op) : callers.hasScope(op.actor, scope);

/** Which events of a family the caller sees, by the table of contract 2.6. */
const within = (op: Op, { kind }: Family, visible: 'all' | readonly string[]): Condition => {
  const inWorkspaces = visible === 'all' ? sql<boolean>`true` : sql<boolean>`workspace_id = any(${[...visible]}::uuid[])`;
  const user = userBehind(op);
  if (kind === 'place') return inWorkspaces;
  if (kind === 'resource') return user === null ? inWorkspaces : all([inWorkspaces, isUuidOf('owner_user_id', user)]);
  if (kind === 'key') {
    if (user !== null) return isUuidOf('owner_user_id', user);
    return visible !== 'all' && op.actor.type === 'user' ? isUuidOf('owner_user_id', op.actor.id) : inWorkspaces;
  }
  // A user's key is limited to what is the user's own, whatever the user is.
  return visible === 'all' && user === null ? sql<boolean>`true` : NOTHING;
};

const refuse = (op: Op, name: string, { kind, scope }: Family): Fault => {
  const details = kind === 'administration' ? { required_role: 'admin' } : { required_scope: scope };
  const lacks = op.actor.type === 'key' && kind !== 'administration' ? `the scope ${scope}` : 'the role admin of a session';
  return new Fault('FORBIDDEN', `Events ${name}.* need ${lacks}.`, { details });
};

/** A family asked for by name and not allowed is refused; of "everything" it is only left out. */
const readable = (op: Op, patterns: readonly string[], callers: Callers): [string, Family][] => {
  const named = new Set(patterns.map((pattern) => pattern.split('.', 1)[0] ?? ''));
  return Object.entries(FAMILIES).filter(([name, family]) => {
    if (!named.has('*') && !named.has(name)) return false;
    if (mayRead(op, family, callers)) return true;
    if (named.has(name)) throw refuse(op, name, family);
    return false;
  });
};

/** What the caller sees of its organization's events, and asked for. Throws FORBIDDEN. */
export const conditionsFor = (op: Op, filters: EventFilters, callers: Callers): Condition[] => {
  const patterns = patternsOf(filters.types);
  const visible = callers.visibleWorkspaces(op);
  const seen = readable(op, patterns, callers).map(([name, family]) => all([matches(`${name}.*`), within(op, family, visible)]));
  const conditions = [sql<boolean>`not narrow`, any(patterns.map(matches)), any(seen)];
  for (const column of ['workspace_id', 'project_id'] as const) {
    const wanted = filters[column];
    if (wanted !== undefined) conditions.push(isUuidOf(column, wanted));
  }
  for (const column of ['external_workspace_id', 'external_user_id', 'external_project_id'] as const) {
    const wanted = filters[column];
    if (wanted !== undefined) conditions.push(is(column, wanted));
  }
  return conditions as Condition[];
};

/** Everything of one resource; whether the caller may see that has been judged. */
export const conditionsOfResource = (resourceId: string): Condition[] => [is('resource_id', resourceId)];
