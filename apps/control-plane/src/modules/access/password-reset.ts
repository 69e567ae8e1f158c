import { randomBytes } from 'node:crypto';
import type { Tx } from '@miosa/db';
import { Fault, type Op } from '@miosa/kernel';
import { record } from '../audit/index.ts';
import { tenantsOfUser } from '../tenancy/index.ts';
import type { Core } from './core.ts';
import { tokenHash } from './jwt.ts';
import { asUser } from './login.ts';
import { dropResetsOf, insertReset, takeReset } from './resets.store.ts';
import { endSessionsOf } from './sessions.store.ts';
import { changePasswordOf, type UserRow, userByEmail, userById } from './users.store.ts';

const HOUR_MS = 3600_000;
const LIFE_MS = HOUR_MS;
/** Of one account: whoever types a stranger's address must not fill the stranger's mailbox. */
const MAILS_PER_HOUR = 3;

/** What the user did by a link from the own mailbox, on record in the user's first organization; without any there is no log to write to. */
const recordFor = async (op: Op, tx: Tx, user: UserRow, action: string, metadata: object) => {
  const [membership] = await tenantsOfUser(tx, user.id);
  if (membership === undefined) return;
  const self = asUser(op, user, { userId: user.id, tenantId: membership.id, role: membership.role, sessionId: 'mail' });
  await record(tx, self, { action, resourceType: 'user', resourceId: user.id, metadata });
};

const sendLink = async (op: Op, core: Core, email: string): Promise<void> => {
  const user = await userByEmail(core.db.read, email);
  if (user === undefined || user.suspended_at !== null) return;
  const token = randomBytes(32).toString('base64url');
  const now = op.now();
  const sent = await core.db.tx(op, 'auth.password.forgot', async (tx) => {
    const reset = { tokenHash: tokenHash(token), userId: user.id, expiresAt: new Date(now.getTime() + LIFE_MS), now };
    const allowed = await insertReset(tx, reset, { atMost: MAILS_PER_HOUR, since: new Date(now.getTime() - HOUR_MS) });
    if (allowed) await recordFor(op, tx, user, 'auth.password.forgot', {});
    return allowed;
  });
  if (!sent) return;
  const link = `${core.outgoing.siteUrl}/reset-password#${token}`; // behind #: it reaches no server log
  core.outgoing.send({
    to: user.email,
    subject: 'Set a new password',
    text: `Somebody, probably you, asked for a new password of your MIOSA account. Within an hour, set it here:\n\n${link}\n\nIf it was not you, ignore this mail: nothing has changed.`,
  });
};

/** Begins only; the answer is the same, and as fast, whether or not there is such an account. */
export const forgotPassword = (op: Op, core: Core, email: string): void => {
  core.outgoing.later('auth.password.forgot', () => sendLink(op, core, email));
};

const gone = (): Fault => new Fault('GONE', 'This link is used or expired. Ask for a new one.');

/** Single use. Every session of the user ends. */
export const resetPassword = async (op: Op, core: Core, { token, password }: { token: string; password: string }): Promise<void> => {
  const passwordHash = await core.passwords.hash(password);
  await core.db.tx(op, 'auth.password.reset', async (tx) => {
    const reset = await takeReset(tx, tokenHash(token), op.now());
    const user = reset === undefined ? undefined : await userById(tx, reset.user_id);
    if (user === undefined || user.suspended_at !== null) throw gone();
    if ((await changePasswordOf(tx, user, passwordHash)) === undefined) throw gone();
    await dropResetsOf(tx, user.id, op.now());
    const sessions_ended = await endSessionsOf(tx, user.id, {}, op.now());
    await recordFor(op, tx, user, 'auth.password.reset', { sessions_ended });
  });
  core.authenticator.forget();
};
