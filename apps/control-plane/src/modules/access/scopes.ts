import type { Actor } from '@miosa/kernel';

const PAIRS = [
  'sandboxes',
  'computers',
  'deployments',
  'domains',
  'data',
  'storage',
  'functions',
  'jobs',
  'workspaces',
  'projects',
  'webhooks',
  'api_keys',
  'tenant',
];

/** Every scope a key may carry: the table of contract 2.4 and the wildcards. */
export const SCOPES: ReadonlySet<string> = new Set([
  ...PAIRS.flatMap((noun) => [`${noun}:read`, `${noun}:write`]),
  'previews:write',
  'usage:read',
  'audit:read',
  'llm:invoke',
  '*',
  '*:read',
  '*:write',
]);

/** Does one granted scope open what `needed` asks for? `needed` may itself be a wildcard, when one key's scopes are held against another's. */
const opens = (granted: string, needed: string): boolean => {
  if (granted === '*' || granted === needed) return true;
  if (needed === '*') return false;
  const [noun, verb] = needed.split(':');
  if (granted === '*:write') return verb === 'read' || verb === 'write';
  if (granted === '*:read') return verb === 'read';
  if (needed === 'previews:write') return granted === 'sandboxes:write';
  const [grantedNoun, grantedVerb] = granted.split(':');
  const nounFits = grantedNoun === noun || (grantedNoun === 'data' && noun === 'storage');
  return nounFits && (grantedVerb === verb || (grantedVerb === 'write' && verb === 'read'));
};

export const covers = (granted: readonly string[], needed: string): boolean => granted.some((scope) => opens(scope, needed));

/** No key is made with, or changed to, more than it is made from. */
export const isSubset = (wanted: readonly string[], granted: readonly string[]): boolean => wanted.every((scope) => covers(granted, scope));

/** Do scopes (keys) and role (users and their keys) allow it? Which resources, is decided elsewhere. */
export const hasScope = (actor: Actor, scope: string): boolean => {
  if (actor.type === 'system') return true;
  if (actor.type === 'browser') return false; // it has permissions, and they give no scope
  if (actor.role === 'viewer' && !scope.endsWith(':read') && !(actor.type === 'user' && actor.isOperator)) return false;
  return actor.type === 'user' || covers(actor.scopes, scope);
};
