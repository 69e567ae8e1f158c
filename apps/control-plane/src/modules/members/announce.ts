import type { Tx } from '@miosa/db';
import type { Op } from '@miosa/kernel';
import { emit } from '../events/index.ts';
import type { MemberRow } from './members.store.ts';

/** In the transaction of the change and after it. */
export const announceMember = (tx: Tx, op: Op, member: MemberRow, happened: 'added' | 'removed' | 'role_changed'): Promise<void> =>
  emit(tx, op, {
    type: `member.${happened}`,
    resource: { type: 'member', id: member.user_id },
    data: { user_id: member.user_id, email: member.email, name: member.name, role: member.role },
    ownership: { ownerUserId: member.user_id },
  });
