import { postgresIdempotency } from '@miosa/db';
import type { IdempotencyStore } from '@miosa/http';
import { newUuid, type Role, type TenantId } from '@miosa/kernel';
import { sql } from 'kysely';
import { createInstallation, type Installation, type Reply } from '../../access/testing/installation.ts';
import { type MembersDeps, membersRoutes } from '../index.ts';

export interface MembersInstallation extends Installation {
  readonly deps: MembersDeps;
  readonly organization: string;
  /** With a session: method, path, body. */
  as(token: string): (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;
  /** What a new link opens. */
  invite(as: string, body: { readonly email: string; readonly role?: Role }, place?: string): Promise<{ id: string; token: string }>;
  /** Ids of members of an organization (default: the first) with their roles. */
  roles(tenantId?: TenantId): Promise<Record<string, Role>>;
  /** Id of a new one of the first organization. */
  workspace(name: string): Promise<string>;
  /** The same request twice; the process of the first dies before it remembers its answer. */
  acrossCrash(request: (headers: Record<string, string>) => Promise<Reply>): Promise<{ first: Reply; second: Reply }>;
  close(): Promise<void>;
}

/** The identity modules with members, on a real database. Only in tests. */
export const createMembersInstallation = async (): Promise<MembersInstallation> => {
  let deps: MembersDeps | undefined;
  let store: IdempotencyStore | undefined;
  let dying = false;
  const known = (): IdempotencyStore => {
    if (store === undefined) throw new Error('not set up');
    return store;
  };
  const idempotency: IdempotencyStore = {
    begin: (...of) => known().begin(...of),
    renew: (...of) => known().renew(...of),
    finish: (...of) => (dying ? Promise.resolve() : known().finish(...of)),
    keep: (...of) => known().keep(...of),
    forget: (...of) => known().forget(...of),
  };
  const t = await createInstallation(
    (parts) => {
      store = postgresIdempotency(parts.db);
      deps = { ...parts, registration: 'open' };
      return membersRoutes(deps);
    },
    { idempotency },
  );
  if (deps === undefined) throw new Error('no routes');
  const organization = `/tenants/${t.tenantId}`;
  return {
    ...t,
    deps,
    organization,
    as:
      (token) =>
      (method, path, body, headers = {}) =>
        t.call(method, path, body, { as: token, headers }),
    invite: async (as, body, place = organization) => {
      const answer = await t.call('POST', `${place}/invites`, body, { as });
      if (answer.status !== 201) throw new Error(`invite: ${answer.status} ${JSON.stringify(answer.body)}`);
      return { id: answer.body.data.id, token: answer.body.data.invite_url.split('/').at(-1) };
    },
    roles: async (tenantId = t.tenantId) => {
      const { rows } = await sql<{ user_id: string; role: Role }>`select user_id, role from members where tenant_id = ${tenantId}`.execute(
        t.db.read,
      );
      return Object.fromEntries(rows.map(({ user_id, role }) => [user_id, role]));
    },
    acrossCrash: async (request) => {
      const headers = { 'idempotency-key': newUuid() };
      dying = true;
      const first = await request(headers);
      dying = false;
      await sql`update idempotency_keys set locked_until = now() - interval '1 second' where status is null`.execute(t.db.read);
      return { first, second: await request(headers) };
    },
    workspace: async (name) => (await t.call('POST', '/workspaces', { name })).body.data.id,
  };
};

export const codeOf = ({ body }: Reply): string => body.error?.code;
export const statusesOf = (answers: readonly Reply[]): number[] => answers.map(({ status }) => status).sort();
