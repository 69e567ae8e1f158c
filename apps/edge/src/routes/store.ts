import type { Database } from '@miosa/db';
import type { AgentEndpoint, KeyRecord, PreviewRule, RouteStore, SandboxRoute } from './types.ts';

declare module '@miosa/db' {
  interface Schema {
    edge_sandboxes: {
      id: string;
      slug: string;
      tenant_id: string;
      state: SandboxRoute['state'];
      transition: SandboxRoute['transition'];
      preview_port: number | null;
      endpoint: AgentEndpoint | null;
      previews: PreviewRule[];
      embed_origins: string[];
    };
    edge_shares: { token_hash: Buffer; sandbox_id: string; expires_at: Date | null; revoked_at: Date | null };
    edge_dead_keys: { id: string; revoked_at: Date | null; expires_at: Date | null };
  }
}

const COLUMNS = [
  'id',
  'slug',
  'tenant_id as tenantId',
  'state',
  'transition',
  'preview_port as previewPort',
  'endpoint',
  'previews',
  'embed_origins as embedOrigins',
] as const;

/** The only SQL of the edge: reads of the three published views. */
export const createRouteStore = (db: Database): RouteStore => ({
  sandboxBySlug: async (slug) =>
    (await db.read.selectFrom('edge_sandboxes').select(COLUMNS).where('slug', '=', slug).executeTakeFirst()) ?? null,

  sandboxById: async (id) => (await db.read.selectFrom('edge_sandboxes').select(COLUMNS).where('id', '=', id).executeTakeFirst()) ?? null,

  share: async (tokenHash) =>
    (await db.read
      .selectFrom('edge_shares')
      .select(['sandbox_id as sandboxId', 'expires_at as expiresAt', 'revoked_at as revokedAt'])
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst()) ?? null,

  key: async (id): Promise<KeyRecord> =>
    (await db.read
      .selectFrom('edge_dead_keys')
      .select(['id', 'revoked_at as revokedAt', 'expires_at as expiresAt'])
      .where('id', '=', id)
      .executeTakeFirst()) ?? { id, revokedAt: null, expiresAt: null },
});
