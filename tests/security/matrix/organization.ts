import { type Answered, PASSWORD, type Person, type TestControlPlane } from '@miosa/control-plane/testing';
import type { Role } from './document.ts';

export interface Session {
  readonly user: Person;
  readonly token: string;
  readonly refreshToken: string;
}

export interface Credential {
  readonly bearer: string;
  /** Operators and their keys belong to the organization that runs the installation: they name the one they act in. */
  readonly tenant?: string;
}

/** A role, an operator of the installation, or `steward`: a member of the organization who is admin of its first workspace. */
export type Standing = Role | 'operator' | 'steward';

interface KeyRequest {
  readonly type: string;
  readonly purpose?: 'api' | 'optimal';
  readonly scopes?: readonly string[];
  readonly workspaceId?: string;
  /** Whose session mints it. Default: an owner's, an operator's for what only operators mint. */
  readonly by?: Standing;
}

/** One organization with everything a check needs, each made when first asked for. */
export interface Organization {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly plane: TestControlPlane;
  session(role: Standing): Promise<Session>;
  credential(role: Standing): Promise<Credential>;
  key(request: KeyRequest): Promise<Credential & { readonly id: string }>;
  /** A member nobody has seen before. */
  newUser(): Promise<Person>;
  /** Two workspaces; members and viewers belong to the first, which is the default one. */
  workspace(which: 'home' | 'away'): Promise<string>;
  /** `home` and `side` lie in the first workspace, `away` in the second. */
  project(which: 'home' | 'side' | 'away'): Promise<string>;
  /** As the owner, or with another credential. Throws unless it succeeds. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read wire bodies.
  call(method: string, path: string, body?: unknown, as?: Credential): Promise<any>;
}

export const credentialHeaders = ({ bearer, tenant }: Credential): Record<string, string> => ({
  authorization: `Bearer ${bearer}`,
  ...(tenant === undefined ? {} : { 'x-miosa-tenant': tenant }),
});

export const json = (body: unknown) => (body === undefined ? {} : { body: JSON.stringify(body), contentType: 'application/json' });

/** Makes each value once, at the first call with its name. */
const once = <T>(make: (name: string) => Promise<T>): ((name: string) => Promise<T>) => {
  const made = new Map<string, Promise<T>>();
  return (name) => {
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
};

const succeeded = (what: string, answer: Answered) => {
  if (answer.status >= 300) throw new Error(`${what}: ${answer.status} ${answer.text}`);
  return JSON.parse(answer.text);
};

let count = 0;

export const login = async (plane: TestControlPlane, email: string): Promise<Omit<Session, 'user'>> => {
  const body = JSON.stringify({ email, password: PASSWORD });
  const answer = await plane.send({ method: 'POST', path: '/api/v1/auth/login', headers: { 'content-type': 'application/json' }, body });
  const { token, refresh_token } = succeeded(`login ${email}`, answer);
  return { token, refreshToken: refresh_token };
};

export const createOrganization = async (plane: TestControlPlane): Promise<Organization> => {
  count += 1;
  const name = `Matrix ${count}`;
  const { id, slug } = await plane.addTenant(name);
  const operations = once(async () => {
    const { token } = await login(plane, plane.first.email);
    return succeeded(
      'operations',
      await plane.send({ method: 'GET', path: '/api/v1/platform/tenants/current', headers: { authorization: `Bearer ${token}` } }),
    ).data.id as string;
  });
  const newcomer = async (role: Standing): Promise<Person> => {
    if (role === 'operator') return plane.addUser(await operations(''), 'viewer', true);
    if (role !== 'steward') return plane.addUser(id, role);
    const user = await plane.addUser(id, 'member');
    await call('POST', `/workspaces/${await workspaces('home')}/members`, { user_id: user.id, role: 'admin' });
    return user;
  };
  const sessions = once(async (role): Promise<Session> => {
    // Whoever belongs to the default workspace finds it there from the start.
    if (role !== 'owner') await workspaces('home');
    const user = await newcomer(role as Standing);
    return { user, ...(await login(plane, user.email)) };
  });
  const session = (role: Standing) => sessions(role);
  const credential: Organization['credential'] = async (role) => ({
    bearer: (await session(role)).token,
    ...(role === 'operator' ? { tenant: slug } : {}),
  });
  const call: Organization['call'] = async (method, path, body, as) => {
    const headers = credentialHeaders(as ?? (await credential('owner')));
    const { contentType, ...payload } = { contentType: undefined, ...json(body) };
    const typed = contentType === undefined ? headers : { ...headers, 'content-type': contentType };
    return succeeded(`${method} ${path}`, await plane.send({ method, path: `/api/v1${path}`, headers: typed, ...payload }));
  };
  const keys = once(async (request): Promise<Credential & { id: string }> => {
    const { type, by, purpose, scopes, workspaceId } = JSON.parse(request) as KeyRequest;
    const roams = type === 'admin' || type === 'platform';
    // Keys that act anywhere are minted where the operators are at home.
    const minter = roams ? { bearer: (await session('operator')).token } : await credential(by ?? 'owner');
    const body = { name: 'matrix', key_type: type, purpose, scopes, workspace_id: workspaceId };
    const { data } = await call('POST', '/api-keys', body, minter);
    return { id: data.id, bearer: data.key, ...(roams ? { tenant: slug } : {}) };
  });
  const projects = once(async (which) => {
    const made = await call('POST', '/projects', {
      name: `Matrix ${which}`,
      workspace_id: await workspaces(which === 'away' ? 'away' : 'home'),
    });
    return made.data.id as string;
  });
  const workspaces = once(async (which) => {
    if (which === 'away') return (await call('POST', '/workspaces', { name: 'Matrix away' })).data.id as string;
    // The first create makes the default workspace, to which everyone belongs.
    return (await call('POST', '/projects', { name: 'Matrix first' })).data.workspace_id as string;
  });
  return {
    id,
    slug,
    name,
    plane,
    session,
    credential,
    newUser: () => plane.addUser(id, 'member'),
    key: (request) => keys(JSON.stringify(request)),
    workspace: workspaces,
    project: projects,
    call,
  };
};
