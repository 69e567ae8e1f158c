/** How events of a family lie in the organization, and so who sees which of them. */
export type Kind =
  /** In a workspace, and of a user where a user's key made it. */
  | 'resource'
  /** Workspaces and projects themselves. */
  | 'place'
  /** API keys: of the user they belong to, or of the organization. */
  | 'key'
  /** Of the organization alone. */
  | 'organization'
  /** Who belongs to it: for admins with a session, as the routes of members are. */
  | 'administration';

export interface Family {
  readonly kind: Kind;
  /** What a key needs to read events of the family. */
  readonly scope: string;
}

const family = (kind: Kind, noun: string): Family => ({ kind, scope: `${noun}:read` });

/** By the first word of a type (contract 4.21). What is not here is shown to nobody. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  sandbox: family('resource', 'sandboxes'),
  computer: family('resource', 'computers'),
  cua: family('resource', 'computers'),
  deployment: family('resource', 'deployments'),
  domain: family('resource', 'domains'),
  database: family('resource', 'data'),
  bucket: family('resource', 'storage'),
  volume: family('resource', 'storage'),
  function: family('resource', 'functions'),
  job: family('resource', 'jobs'),
  workspace: family('place', 'workspaces'),
  project: family('place', 'projects'),
  api_key: family('key', 'api_keys'),
  member: family('administration', 'tenant'),
  quota: family('organization', 'usage'),
  credits: family('organization', 'usage'),
  budget: family('organization', 'usage'),
  webhook: family('organization', 'webhooks'),
  branding: family('organization', 'tenant'),
};
