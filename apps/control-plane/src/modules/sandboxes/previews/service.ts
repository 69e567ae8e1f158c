import { once, type Tx } from '@miosa/db';
import { mintToken, previewUrl, tokenHash } from '@miosa/hostnames';
import { Fault, newId, notFound, type Op } from '@miosa/kernel';
import type { Static } from 'typebox';
import type { Core } from '../deps.ts';
import { announceOf } from '../events/announce.ts';
import { auditSandbox } from '../lifecycle/audit.ts';
import { lookupFor, settleFor } from '../lifecycle/settled.ts';
import { echoOf, iso, isoOrNull, ownedOf } from '../render.ts';
import type { Preview, PreviewToken, Share } from '../schemas.ts';
import type { SandboxRow } from '../types.ts';
import { keyIdOf } from '../visibility.ts';
import { defaultPort } from './ports.ts';
import {
  findPreview,
  findPreviewEvenDeleted,
  findShare,
  insertShare,
  listPreviews,
  listShares,
  type PreviewRow,
  revokeShare,
  type ShareRow,
  updatePreview,
  upsertPreview,
} from './store.ts';

/** Tokens and exposures change no machine, so a sleeping sandbox is left asleep; a destroyed one is 410. */
const living = (op: Op, core: Core, id: string): Promise<SandboxRow> => settleFor(op, core, lookupFor(op, core, id), 'change');

/** Also a destroyed sandbox: it stays readable. */
const readable = async (op: Op, core: Core, id: string): Promise<SandboxRow> => {
  const row = await lookupFor(op, core, id)();
  if (row === undefined) throw notFound();
  return row;
};

type Echo = Awaited<ReturnType<typeof echoOf>>;

const previewOf = (core: Core, row: SandboxRow, preview: PreviewRow, echo: Echo): Static<typeof Preview> => ({
  id: preview.id,
  name: preview.name ?? `port ${preview.port}`,
  ...ownedOf(row, echo),
  metadata: {},
  tags: [],
  created_at: iso(preview.created_at),
  updated_at: iso(preview.updated_at),
  sandbox_id: preview.sandbox_id,
  port: preview.port,
  visibility: preview.visibility,
  host_header: preview.host_header,
  state: preview.deleted_at === null && row.state !== 'destroyed' ? 'active' : 'deleted',
  url: previewUrl(core.names, { port: preview.port, slug: row.slug }),
});

/** The preview after a change, told in the transaction of the change. */
const announced = async (tx: Tx, op: Op, core: Core, row: SandboxRow, preview: PreviewRow, echo: Echo): Promise<Static<typeof Preview>> => {
  const data = previewOf(core, row, preview, echo);
  await announceOf(tx, op, row, 'sandbox.preview.updated', data);
  return data;
};

export interface ExposeRequest {
  readonly port: number;
  readonly name?: string | undefined;
  readonly visibility?: 'public' | 'private' | undefined;
}

export const expose = async (op: Op, core: Core, id: string, request: ExposeRequest): Promise<Static<typeof Preview>> => {
  const row = await living(op, core, id);
  const now = op.now();
  const echo = await echoOf(op, core, row);
  return core.db.tx(op, 'sandboxes.expose', async (tx) => {
    const made = await upsertPreview(tx, {
      id: newId('prv', now.getTime()),
      tenant_id: row.tenant_id,
      sandbox_id: id,
      port: request.port,
      name: request.name ?? null,
      visibility: request.visibility ?? 'public',
      now,
    });
    await auditSandbox(tx, op, 'sandboxes.expose', row, { metadata: { port: made.port, visibility: made.visibility } });
    return announced(tx, op, core, row, made, echo);
  });
};

export const listExposed = async (op: Op, core: Core, id: string): Promise<Static<typeof Preview>[]> => {
  const row = await readable(op, core, id);
  const echo = await echoOf(op, core, row);
  return (await listPreviews(core.db.read, id)).map((preview) => previewOf(core, row, preview, echo));
};

export const getExposed = async (op: Op, core: Core, id: string, previewId: string): Promise<Static<typeof Preview>> => {
  const row = await readable(op, core, id);
  const preview = await findPreview(core.db.read, id, previewId);
  if (preview === undefined) throw notFound();
  return previewOf(core, row, preview, await echoOf(op, core, row));
};

export interface PreviewChange {
  readonly name?: string | null | undefined;
  readonly visibility?: 'public' | 'private' | undefined;
  readonly host_header?: 'localhost' | 'public' | undefined;
}

export const changeExposed = async (
  op: Op,
  core: Core,
  id: string,
  previewId: string,
  change: PreviewChange,
): Promise<Static<typeof Preview>> => {
  const row = await living(op, core, id);
  const found = await findPreview(core.db.read, id, previewId);
  if (found === undefined) throw notFound();
  const set = {
    updated_at: op.now(),
    ...(change.name === undefined ? {} : { name: change.name }),
    ...(change.visibility === undefined ? {} : { visibility: change.visibility }),
    ...(change.host_header === undefined ? {} : { host_header: change.host_header }),
  };
  const echo = await echoOf(op, core, row);
  return core.db.tx(op, 'sandboxes.previews.update', async (tx) => {
    const changed = await updatePreview(tx, found.id, set);
    if (changed === undefined) throw notFound();
    await auditSandbox(tx, op, 'sandboxes.previews.update', row, { metadata: { preview_id: found.id, ...change } });
    return announced(tx, op, core, row, changed, echo);
  });
};

/** The port is private again. Repeating it is fine. */
export const deleteExposed = async (op: Op, core: Core, id: string, previewId: string): Promise<void> => {
  const row = await readable(op, core, id);
  const preview = await findPreviewEvenDeleted(core.db.read, id, previewId);
  if (preview === undefined) throw notFound();
  const now = op.now();
  const echo = await echoOf(op, core, row);
  await core.db.tx(op, 'sandboxes.previews.delete', async (tx) => {
    const deleted = await updatePreview(tx, preview.id, { deleted_at: now, updated_at: now });
    if (deleted === undefined) return;
    await auditSandbox(tx, op, 'sandboxes.previews.delete', row, { metadata: { preview_id: preview.id } });
    await announced(tx, op, core, row, deleted, echo);
  });
};

export interface TokenRequest {
  readonly expires_in?: number | undefined;
  readonly scope?: 'read' | 'interact' | undefined;
  readonly port?: number | 'any' | undefined;
}

const DEFAULT_TOKEN_SEC = 3600;

/** Unix seconds. What a browser token mints is read-only and ends with it at the latest (contract 2.5, `preview:read`). */
const expiryFor = ({ actor, now }: Op, scope: 'read' | 'interact', seconds: number): number => {
  const exp = Math.floor(now().getTime() / 1000) + seconds;
  if (actor.type !== 'browser') return exp;
  if (scope !== 'read') {
    throw new Fault('FORBIDDEN', 'A browser token mints preview tokens with scope read only.', { details: { reason: 'browser_token' } });
  }
  return Math.min(exp, Math.floor(actor.expiresAt.getTime() / 1000));
};

export const mintPreviewToken = async (op: Op, core: Core, id: string, request: TokenRequest): Promise<Static<typeof PreviewToken>> => {
  const row = await living(op, core, id);
  const shown = typeof request.port === 'number' ? request.port : await defaultPort(core, row);
  const port = request.port ?? shown;
  const scope = request.scope ?? 'read';
  const exp = expiryFor(op, scope, request.expires_in ?? DEFAULT_TOKEN_SEC);
  const jti = newId('prv', op.now().getTime());
  const token = mintToken('preview', core.previewKeyPem, {
    jti,
    sandboxId: id,
    port,
    scope,
    exp,
    keyId: keyIdOf(op),
    tenantId: row.tenant_id,
  });
  await auditSandbox(core.db.read, op, 'sandboxes.previewToken', row, { metadata: { jti, port, scope } });
  const url = `${previewUrl(core.names, { port: shown, slug: row.slug })}?mt=${token}`;
  return { token, url, expires_at: iso(new Date(exp * 1000)), sandbox_id: id, scope, port };
};

const shareOf = (core: Core, row: SandboxRow, share: ShareRow, token: string | null): Static<typeof Share> => {
  const origin = previewUrl(core.names, { port: share.port, slug: row.slug });
  return {
    id: share.id,
    token: token ?? share.token_prefix,
    url: token === null ? origin : `${origin}?token=${token}`,
    expires_at: isoOrNull(share.expires_at),
    sandbox_id: share.sandbox_id,
    port: share.port,
    name: share.name,
    created_at: iso(share.created_at),
    last_used_at: isoOrNull(share.last_used_at),
  };
};

export interface ShareRequest {
  readonly expires_in?: number | undefined;
  readonly port?: number | undefined;
  readonly name?: string | undefined;
}

/** How much of a share token lists show: enough to tell two apart, nothing to use. */
const PREFIX_CHARACTERS = 12;
type KeepShare = (tx: Tx, share: Static<typeof Share>) => Promise<Static<typeof Share>>;

/** The answer holds the token, once; a repeat of a request that a crash left unanswered gives it again. */
export const createShare = (op: Op, core: Core, id: string, request: ShareRequest): Promise<Static<typeof Share>> =>
  once<Static<typeof Share>>(op, 'sandboxes.shares.create', (keep) => mintShare(op, core, id, request, keep));

const mintShare = async (op: Op, core: Core, id: string, request: ShareRequest, keep: KeepShare): Promise<Static<typeof Share>> => {
  const row = await living(op, core, id);
  const now = op.now();
  const port = request.port ?? (await defaultPort(core, row));
  const exp = request.expires_in === undefined ? null : Math.floor(now.getTime() / 1000) + request.expires_in;
  const shareId = newId('shr', now.getTime());
  const keyId = keyIdOf(op);
  const token = mintToken('share', core.previewKeyPem, {
    jti: shareId,
    sandboxId: id,
    port,
    scope: 'read',
    exp,
    keyId,
    tenantId: row.tenant_id,
  });
  const share = {
    id: shareId,
    tenant_id: row.tenant_id,
    sandbox_id: id,
    port,
    name: request.name ?? null,
    token_hash: tokenHash(token),
    token_prefix: token.slice(0, PREFIX_CHARACTERS),
    api_key_id: keyId,
    expires_at: exp === null ? null : new Date(exp * 1000),
    created_at: now,
  };
  return core.db.tx(op, 'sandboxes.shares.create', async (tx) => {
    await insertShare(tx, share);
    await auditSandbox(tx, op, 'sandboxes.shares.create', row, { metadata: { share_id: shareId, port } });
    return keep(tx, shareOf(core, row, { ...share, revoked_at: null, last_used_at: null }, token));
  });
};

export const listSharesOf = async (op: Op, core: Core, id: string): Promise<Static<typeof Share>[]> => {
  const row = await readable(op, core, id);
  return (await listShares(core.db.read, id, op.now())).map((share) => shareOf(core, row, share, null));
};

/** By id or by the token itself. Repeating it is fine. Returns the share's id. */
export const revokeShareOf = async (op: Op, core: Core, id: string, tokenOrId: string): Promise<string> => {
  const row = await readable(op, core, id);
  const by = tokenOrId.startsWith('ms_') ? { hash: tokenHash(tokenOrId) } : { id: tokenOrId };
  const share = await findShare(core.db.read, id, by);
  if (share === undefined) throw notFound();
  await core.db.tx(op, 'sandboxes.shares.revoke', async (tx) => {
    if (await revokeShare(tx, share.id, op.now())) {
      await auditSandbox(tx, op, 'sandboxes.shares.revoke', row, { metadata: { share_id: share.id } });
    }
  });
  return share.id;
};
