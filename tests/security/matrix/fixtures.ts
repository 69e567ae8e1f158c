import { createHash } from 'node:crypto';
import type { Credential, Organization } from './organization.ts';
import type { Target } from './rules.ts';

/** Where a fixture lies, and for whom it is made. */
export interface Place {
  readonly organization: Organization;
  readonly project: 'home' | 'side' | 'away';
  /** Set when the caller sees only what its own user made. */
  readonly owner?: Credential;
}

interface Fixture {
  readonly target: Target;
  /** Answers the path parameter; `parent` is the one before it. */
  make(place: Place, parent: string): Promise<string>;
  /** Not an id but a name within its parent: there is nothing to be of another organization. */
  readonly isName?: true;
}

const sandbox = async ({ organization, project }: Place): Promise<string> => {
  const { data } = await organization.call('POST', '/sandboxes', { project_id: await organization.project(project) });
  await organization.call('PUT', `/sandboxes/${data.id}/env`, { vars: [{ key: 'MATRIX', value: '1' }] });
  await organization.call('POST', `/sandboxes/${data.id}/files/write-many`, { files: [{ path: 'matrix.txt', content: 'x' }] });
  return data.id;
};

let count = 0;

const invite = async (organization: Organization, where: string): Promise<{ readonly id: string; readonly invite_url: string }> => {
  count += 1;
  return (await organization.call('POST', `${where}/invites`, { email: `invited${count}@example.com`, role: 'member' })).data;
};

const deployment = async ({ organization, project }: Place): Promise<string> => {
  count += 1;
  const body = { name: `Fixture ${count}`, env: { MATRIX: '1' }, project_id: await organization.project(project) };
  return (await organization.call('POST', '/deployments', body)).data.id;
};

/** Raw bodies of the matrix are an `x`. */
const HASH_OF_X = createHash('sha256').update('x').digest('hex');

/** A second version, so that there is one to go back to. */
const published = async (organization: Organization, id: string) => {
  const { project_id } = (await organization.call('GET', `/deployments/${id}`)).data;
  const sandbox_id = (await organization.call('POST', '/sandboxes', { project_id })).data.id;
  await organization.call('POST', `/sandboxes/${sandbox_id}/files/write-many`, { files: [{ path: 'site/index.html', content: 'x' }] });
  const publish = () => organization.call('POST', `/deployments/${id}/publish`, { source_sandbox_id: sandbox_id, output_path: 'site' });
  await publish();
  return (await publish()).data;
};

export const uploaded = async (organization: Organization, id: string): Promise<string> => {
  const files = [{ path: 'index.html', sha256: HASH_OF_X, size_bytes: 1 }];
  return (await organization.call('POST', `/deployments/${id}/uploads`, { files })).data.id;
};

/** By the literal words of the path before the parameter. A new noun needs one line here; a new route below a known one needs none. */
const FIXTURES: Readonly<Record<string, Fixture>> = {
  sandboxes: { target: 'resource', make: sandbox },
  'sandboxes/env': { target: 'resource', isName: true, make: async () => 'MATRIX' },
  'sandboxes/files': { target: 'resource', isName: true, make: async () => 'matrix.txt' },
  'sandboxes/previews': {
    target: 'resource',
    make: async ({ organization }, id) => (await organization.call('POST', `/sandboxes/${id}/expose`, { port: 3000 })).data.id,
  },
  'sandboxes/processes': {
    target: 'resource',
    make: async ({ organization }, id) =>
      (await organization.call('POST', `/sandboxes/${id}/processes`, { command: ['sleep', '30'] })).data.id,
  },
  'sandboxes/snapshots': {
    target: 'resource',
    make: async ({ organization }, id) => (await organization.call('POST', `/sandboxes/${id}/snapshots`)).data.id,
  },
  'sandboxes/restore': {
    target: 'resource',
    make: async ({ organization }, id) => (await organization.call('POST', `/sandboxes/${id}/snapshots`)).data.id,
  },
  'sandboxes/terminal': {
    target: 'resource',
    make: async ({ organization }, id) => (await organization.call('POST', `/sandboxes/${id}/terminal`)).data.id,
  },
  'sandboxes/tunnel': { target: 'resource', isName: true, make: async () => '3000' },
  'sandboxes/shares': {
    target: 'resource',
    make: async ({ organization }, id) => (await organization.call('POST', `/sandboxes/${id}/shares`, { port: 3000 })).data.id,
  },
  bulk: {
    target: 'resource',
    // Of one that runs: nothing happens to it.
    make: async (place) => (await place.organization.call('POST', '/bulk/sandboxes/resume', { ids: [await sandbox(place)] })).data.id,
  },
  templates: {
    target: 'resource',
    make: async ({ organization, project }) => {
      count += 1;
      const body = { name: `Fixture ${count}`, build_spec: { from: 'miosa-sandbox' }, project_id: await organization.project(project) };
      const { id } = (await organization.call('POST', '/templates', body)).data;
      // While it is built some answers are other ones.
      for (let state = 'queued'; state !== 'ready'; ) state = (await organization.call('GET', `/templates/${id}`)).data.state;
      return id;
    },
  },
  'templates/builds': {
    target: 'resource',
    make: async ({ organization }, id) => (await organization.call('GET', `/templates/${id}/builds`)).data[0].id,
  },
  deployments: { target: 'resource', make: deployment },
  'deployments/env': { target: 'resource', isName: true, make: async () => 'MATRIX' },
  'deployments/versions': { target: 'resource', make: async ({ organization }, id) => (await published(organization, id)).version.id },
  'deployments/releases': { target: 'resource', make: async ({ organization }, id) => (await published(organization, id)).release.id },
  'deployments/builds': { target: 'resource', make: async ({ organization }, id) => (await published(organization, id)).build.id },
  'deployments/runtime-instances': { target: 'resource', make: ({ organization }, id) => organization.plane.addInstance(id) },
  'deployments/uploads': { target: 'resource', make: ({ organization }, id) => uploaded(organization, id) },
  'deployments/uploads/blobs': { target: 'resource', isName: true, make: async () => HASH_OF_X },
  workspaces: {
    target: 'place',
    // A caller that sees one workspace only gets that one: it cannot be made anew for it.
    make: async ({ organization, project }) => organization.workspace(project === 'away' ? 'away' : 'home'),
  },
  projects: {
    target: 'place',
    make: async ({ organization, project }) => {
      const workspaceId = await organization.workspace(project === 'away' ? 'away' : 'home');
      count += 1;
      return (await organization.call('POST', '/projects', { name: `Fixture ${count}`, workspace_id: workspaceId })).data.id;
    },
  },
  'api-keys': {
    target: 'key',
    make: async ({ organization, owner }) => {
      const body = { name: 'fixture', key_type: owner === undefined ? 'live' : 'user', scopes: ['api_keys:read'] };
      return (await organization.call('POST', '/api-keys', body, owner)).data.id;
    },
  },
  tenants: { target: 'organization', make: async ({ organization }) => organization.id },
  'platform/tenants': { target: 'organization', make: async ({ organization }) => organization.id },
  'tenants/members': { target: 'organization', make: async ({ organization }) => (await organization.newUser()).id },
  'tenants/invites': { target: 'organization', make: async ({ organization }, id) => (await invite(organization, `/tenants/${id}`)).id },
  'workspaces/members': {
    target: 'place',
    make: async ({ organization }, id) => {
      const { id: userId } = await organization.newUser();
      await organization.call('POST', `/workspaces/${id}/members`, { user_id: userId });
      return userId;
    },
  },
  'workspaces/invites': { target: 'place', make: async ({ organization }, id) => (await invite(organization, `/workspaces/${id}`)).id },
  // Whoever has the token of an invite may see it: it is a credential, not an id.
  invites: {
    target: 'nothing',
    isName: true,
    make: async ({ organization }) => {
      const { invite_url } = await invite(organization, `/tenants/${organization.id}`);
      return new URL(invite_url).pathname.split('/').at(-1) ?? '';
    },
  },
  'admin/tenants': { target: 'installation', make: async ({ organization }) => organization.id },
  'admin/users': { target: 'installation', make: async ({ organization }) => (await organization.newUser()).id },
  'admin/api-keys': {
    target: 'installation',
    make: async ({ organization }) => (await organization.call('POST', '/api-keys', { name: 'fixture', key_type: 'live' })).data.id,
  },
};

interface Step {
  readonly name: string;
  readonly fixture: Fixture;
}

const steps = (path: string): Step[] => {
  const words: string[] = [];
  return path.split('/').flatMap((part) => {
    const name = /^\{(\w+)/.exec(part)?.[1];
    if (name === undefined) {
      if (part !== '') words.push(part);
      return [];
    }
    // The words directly before a parameter name its noun: `sandboxes/{id}/files/{path}`.
    const noun = words.join('/');
    const fixture = FIXTURES[noun];
    if (fixture === undefined)
      throw new Error(`${path}: no fixture for {${name}}; say in tests/security/matrix/fixtures.ts how to make one of "${noun}"`);
    return [{ name, fixture }];
  });
};

/** What the ids of a path stand for. Throws when nobody has said how to make one. */
export const targetOf = (path: string): Target => steps(path)[0]?.fixture.target ?? 'nothing';

/** Parameters of a path that are ids, in order; names within a parent are none. */
export const idParameters = (path: string): string[] => steps(path).flatMap(({ name, fixture }) => (fixture.isName === true ? [] : [name]));

/** A real object for each parameter, the later ones inside the earlier. */
export const makeParameters = async (path: string, place: Place, upTo?: string): Promise<Record<string, string>> => {
  const made: Record<string, string> = {};
  let parent = '';
  for (const { name, fixture } of steps(path)) {
    parent = await fixture.make(place, parent);
    made[name] = parent;
    if (name === upTo) break;
  }
  return made;
};

export const fillPath = (path: string, parameters: Readonly<Record<string, string>>): string =>
  path.replaceAll(/\{(\w+)[^}]*\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ''));
