import { hash, randomBytes } from 'node:crypto';
import type { BrowserTokenPayload } from '@miosa/hostnames';
import { type Actor, Fault, type Op, tenantOf } from '@miosa/kernel';
import type { Core } from './core.ts';
import { insertTicket, useTicket } from './tickets.store.ts';
import type { TicketReference } from './types.ts';

export const TICKET_SECONDS = 60;
const FORMAT = /^sset_[A-Za-z0-9_-]{43}$/;
const BASE_PATH = '/api/v1';

const hashOf = (ticket: string): Buffer => hash('sha256', ticket, 'buffer');

const payloadOf = ({ id, tenantId, boundary, permissions, external, expiresAt, mintedBy }: Extract<Actor, { type: 'browser' }>) =>
  ({
    jti: id,
    tenantId,
    workspaceId: boundary.workspaceId,
    projectId: boundary.projectId,
    sandboxId: boundary.sandboxId,
    permissions,
    externalWorkspaceId: external.workspaceId,
    externalUserId: external.userId,
    externalProjectId: external.projectId,
    exp: Math.floor(expiresAt.getTime() / 1000),
    ...mintedBy,
  }) satisfies BrowserTokenPayload;

const referenceOf = (actor: Actor): TicketReference => {
  if (actor.type === 'key') return { type: 'key', keyId: actor.id, tenantId: actor.tenantId };
  if (actor.type === 'user') return { type: 'user', sessionId: actor.sessionId, tenantId: actor.tenantId };
  if (actor.type === 'browser') return { type: 'browser', payload: payloadOf(actor) };
  throw new Fault('FORBIDDEN', 'Tickets are minted by keys, users and browser tokens.');
};

/** Below the base path, as routes are written and as `redeem` is told. */
const withoutBase = (path: string): string =>
  (path.startsWith(`${BASE_PATH}/`) ? path.slice(BASE_PATH.length) : path).split('?', 1)[0] ?? '';

/** A ticket for a page's `EventSource` or `WebSocket`, which can send no header (contract 1.9, 1.10). It gives what its minter may, once. */
export const createTicket = async (op: Op, core: Core, stream: string | null) => {
  const ticket = `sset_${randomBytes(32).toString('base64url')}`;
  const now = new Date(core.nowMs());
  await insertTicket(core.db.read, {
    hash: hashOf(ticket),
    tenantId: tenantOf(op),
    reference: referenceOf(op.actor),
    stream: stream === null ? null : withoutBase(stream),
    expiresAt: new Date(now.getTime() + TICKET_SECONDS * 1000),
    now,
  });
  return { ticket, expires_in: TICKET_SECONDS };
};

/**
 * Uses the ticket up for a request of this path; the caller it stands for, or null when it is used, late, for another path, or its minter ended.
 * `bound`: a ticket for any stream is not enough, as where more than reading is at stake.
 */
export const redeemTicket = async (core: Core, ticket: string, path: string, bound: boolean): Promise<Actor | null> => {
  if (!FORMAT.test(ticket)) return null;
  const now = new Date(core.nowMs());
  const reference = await useTicket(core.db.read, hashOf(ticket), withoutBase(path), bound, now);
  if (reference === undefined) return null;
  return reference.type === 'browser' ? core.judge.actorOf(reference.payload) : core.access.resume(reference);
};
