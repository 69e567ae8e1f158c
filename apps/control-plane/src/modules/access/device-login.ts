import { randomBytes } from 'node:crypto';
import type { Tx } from '@miosa/db';
import { Fault, newUuid, type Op, type TenantId, tenantOf, type UserId } from '@miosa/kernel';
import { record } from '../audit/index.ts';
import { presentTenant, type TenantWire, tenantById } from '../tenancy/index.ts';
import { sessionOf } from './account.ts';
import type { Core } from './core.ts';
import { approveDeviceLogin, insertDeviceLogin, lockDeviceLogin, markDelivered } from './device-logins.store.ts';
import { tokenHash } from './jwt.ts';
import { generateKey } from './key-format.ts';
import { insertKey } from './keys.store.ts';
import { asUser } from './login.ts';
import { rpmFor } from './minting.ts';
import { newUserCode, readUserCode } from './user-code.ts';
import { roleIn, roleUntilCommit, userById } from './users.store.ts';

const LIFE_SECONDS = 600;
const INTERVAL_SECONDS = 5;
/** Two open logins with one code among 2.5 · 10¹⁰ are rare, five in a row a fault. */
const MAX_TRIES = 5;

/** The device code stays with the program, the user code is typed where the user is logged in. */
export const startDeviceLogin = async (op: Op, core: Core, clientName: string | null) => {
  const deviceCode = randomBytes(32).toString('base64url');
  const now = op.now();
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const userCode = newUserCode();
    const inserted = await insertDeviceLogin(core.db.read, {
      id: newUuid(now.getTime()),
      device_hash: tokenHash(deviceCode),
      user_hash: tokenHash(userCode),
      client_name: clientName,
      expires_at: new Date(now.getTime() + LIFE_SECONDS * 1000),
      created_at: now,
    });
    if (!inserted) continue;
    const page = `${core.outgoing.siteUrl}/device`;
    return {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${userCode}`,
      expires_in: LIFE_SECONDS,
      interval: INTERVAL_SECONDS,
    };
  }
  throw new Error('no free user code');
};

const gone = (): Fault => new Fault('GONE', 'This code is unknown, used or expired. Start the login again.');

/** The device will act for this user, in the organization of the session. */
export const approveDevice = async (op: Op, core: Core, typed: string): Promise<void> => {
  const by = { userId: sessionOf(op).id, tenantId: tenantOf(op) };
  await core.db.tx(op, 'auth.cli.approve', async (tx) => {
    // Operators act in any organization, but a key of a user is a member's.
    if ((await roleIn(tx, by.tenantId, by.userId)) === null) throw noMember();
    const row = await approveDeviceLogin(tx, tokenHash(readUserCode(typed)), by, op.now());
    if (row === undefined) throw gone();
    const metadata = { client_name: row.client_name };
    await record(tx, op, { action: 'auth.cli.approve', resourceType: 'device_login', resourceId: row.id, metadata });
  });
};

const noMember = (): Fault =>
  new Fault('FORBIDDEN', 'The user who approved does not belong to this organization.', { details: { reason: 'no_member' } });

const pending = (): Fault =>
  new Fault('CONFLICT', 'The login is not approved yet.', {
    details: { reason: 'authorization_pending' },
    retryAfterSeconds: INTERVAL_SECONDS,
  });

/** The key of a device, once. Pending: `CONFLICT`. */
export const deviceToken = async (op: Op, core: Core, deviceCode: string): Promise<{ api_key: string; tenant: TenantWire }> =>
  core.db.tx(op, 'auth.cli.token', async (tx) => {
    const row = await lockDeviceLogin(tx, tokenHash(deviceCode));
    const now = op.now();
    if (row === undefined || row.delivered_at !== null || row.expires_at <= now) throw gone();
    if (row.approved_by === null || row.tenant_id === null) throw pending();
    const { user, tenant, role } = await approver(tx, row.approved_by, row.tenant_id);
    const fresh = generateKey('user');
    const key = await insertKey(
      tx,
      {
        tenantId: tenant.id,
        userId: user.id,
        workspaceId: null,
        name: row.client_name ?? 'Device login',
        type: 'user',
        purpose: 'api',
        scopes: ['*'],
        allowedIps: [],
        rateLimitRpm: rpmFor(tenant.plan, null, null),
        createdBy: `user:${user.id}`,
        expiresAt: null,
      },
      fresh,
      now,
    );
    await markDelivered(tx, row.id, now);
    const self = asUser(op, user, { userId: user.id, tenantId: tenant.id, role, sessionId: row.id });
    const metadata = { key_prefix: key.key_prefix, client_name: row.client_name };
    await record(tx, self, { action: 'auth.cli.token', resourceType: 'api_key', resourceId: key.id, metadata });
    return { api_key: fresh.key, tenant: presentTenant(tenant, role) };
  });

const approver = async (tx: Tx, userId: UserId, tenantId: TenantId) => {
  const user = await userById(tx, userId);
  const tenant = await tenantById(tx, tenantId);
  const role = await roleUntilCommit(tx, tenantId, userId);
  if (user === undefined || tenant === undefined || role === null) throw noMember();
  return { user, tenant, role };
};
