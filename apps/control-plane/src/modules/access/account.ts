import { Fault, notFound, type Op } from '@miosa/kernel';
import { record } from '../audit/index.ts';
import type { Core } from './core.ts';
import { dropResetsOf } from './resets.store.ts';
import { endSessionsOf } from './sessions.store.ts';
import { changePasswordOf, renameUser, type UserRow, userById } from './users.store.ts';

type UserActor = Extract<Op['actor'], { type: 'user' }>;

/** The routes take sessions only; a key has no account. */
export const sessionOf = ({ actor }: Op): UserActor => {
  if (actor.type !== 'user') throw notFound();
  return actor;
};

const accountOf = async (op: Op, core: Core): Promise<UserRow> => {
  const user = await userById(core.db.read, sessionOf(op).id);
  if (user === undefined) throw notFound();
  return user;
};

export const changeProfile = async (op: Op, core: Core, change: { readonly name?: string | null | undefined }): Promise<UserRow> => {
  const user = await accountOf(op, core);
  const { name } = change;
  if (name === undefined || name === user.name) return user;
  const changed = await core.db.tx(op, 'auth.me.update', async (tx) => {
    const row = await renameUser(tx, user.id, name);
    await record(tx, op, { action: 'auth.me.update', resourceType: 'user', resourceId: user.id, metadata: { fields: ['name'] } });
    return row;
  });
  core.authenticator.forget();
  return changed;
};

const wrongPassword = (): Fault => new Fault('UNAUTHORIZED', 'The current password is not right.');

/** All other sessions of the user end, and links for a new password. Guessing is slowed down as at login, and by the same count. */
export const changePassword = async (op: Op, core: Core, { current, new: next }: { current: string; new: string }): Promise<void> => {
  const { sessionId } = sessionOf(op);
  const user = await accountOf(op, core);
  const account = user.email.toLowerCase();
  await core.passwords.wait(account, op.signal);
  if (!(await core.passwords.verify(user.password_hash, current))) {
    core.passwords.noteFailure(account);
    throw wrongPassword();
  }
  core.passwords.noteSuccess(account);
  const passwordHash = await core.passwords.hash(next);
  await core.db.tx(op, 'auth.password', async (tx) => {
    if ((await changePasswordOf(tx, user, passwordHash)) === undefined) throw wrongPassword();
    await dropResetsOf(tx, user.id, op.now());
    const sessions_ended = await endSessionsOf(tx, user.id, { except: sessionId }, op.now());
    await record(tx, op, { action: 'auth.password', resourceType: 'user', resourceId: user.id, metadata: { sessions_ended } });
  });
  core.authenticator.forget();
};
