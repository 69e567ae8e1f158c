import { PAGE_QUERY } from '@miosa/http';
import { Type } from 'typebox';
import { ApiKey } from '../access/index.ts';
import { AuditQuery } from '../audit/index.ts';
import { SettingsUpdate } from '../browser-tokens/index.ts';
import { Name, nullable, Timestamp, Uuid } from '../tenancy/index.ts';

const count = () => Type.Integer({ minimum: 0 });
const Role = Type.Enum(['viewer', 'member', 'admin', 'owner']);
const Status = Type.Enum(['active', 'suspended']);
const Search = Type.Optional(Type.String({ minLength: 1, maxLength: 120 }));
const Reason = Type.Optional(nullable(Type.String({ maxLength: 500 })));
const suspension = { status: Status, suspend_reason: nullable(Type.String()), suspended_at: nullable(Timestamp) };

export const ById = Type.Object({ id: Uuid });
export const Suspend = Type.Object({ reason: Reason });

export const AdminUser = Type.Object(
  {
    id: Uuid,
    email: Type.String(),
    name: nullable(Type.String()),
    is_operator: Type.Boolean(),
    ...suspension,
    tenants: Type.Array(Type.Object({ tenant_id: Uuid, slug: Type.String(), role: Role })),
    created_at: Timestamp,
  },
  { $id: 'AdminUser' },
);
export const UserQuery = Type.Object({ ...PAGE_QUERY, q: Search, status: Type.Optional(Status) });
export const UserUpdate = Type.Object({
  name: Type.Optional(nullable(Name)),
  email: Type.Optional(Type.String({ maxLength: 320, pattern: '^[^\\s@]+@[^\\s@]+$' })),
});
export const UserRole = Type.Object({ is_operator: Type.Boolean() });
export const UserBulk = Type.Object({
  user_ids: Type.Array(Uuid, { minItems: 1, maxItems: 100 }),
  action: Type.Enum(['suspend', 'unsuspend', 'delete']),
});

export const BulkResult = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        id: Uuid,
        success: Type.Boolean(),
        error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
      }),
    ),
  },
  { $id: 'BulkResult' },
);

export const AdminTenant = Type.Object(
  {
    id: Uuid,
    name: nullable(Type.String()),
    slug: Type.String(),
    plan: Type.String(),
    owner_user_id: nullable(Uuid),
    ...suspension,
    settings: Type.Object({ allowed_origins: Type.Array(Type.String()), embed_origins: Type.Array(Type.String()) }),
    counts: Type.Object({ members: count(), api_keys: count(), sandboxes: count() }),
    created_at: Timestamp,
    updated_at: Timestamp,
  },
  { $id: 'AdminTenant' },
);
export const TenantQuery = Type.Object({ ...PAGE_QUERY, q: Search });
export const TenantUpdate = Type.Object({ settings: Type.Optional(SettingsUpdate) });
export const TenantPlan = Type.Object({ plan: Type.Enum(['free', 'starter', 'pro', 'scale']) });

export const KeyQuery = Type.Object({ ...PAGE_QUERY, tenant_id: Type.Optional(Uuid), status: Type.Optional(ApiKey.properties.status) });
export const KeyBulkRevoke = Type.Object({ key_ids: Type.Array(Uuid, { minItems: 1, maxItems: 100 }) });
export const KeyStats = Type.Object(
  {
    total: count(),
    active: count(),
    revoked: count(),
    expired: count(),
    used_24h: count(),
    by_type: Type.Record(Type.String(), Type.Integer()),
  },
  { $id: 'AdminApiKeyStats' },
);

export const AdminAuditQuery = Type.Object({ ...AuditQuery.properties, tenant_id: Type.Optional(Uuid) });

export const Stats = Type.Object(
  {
    tenants: Type.Object({ total: count(), suspended: count() }),
    users: Type.Object({ total: count(), suspended: count(), operators: count() }),
    api_keys: Type.Object({ active: count() }),
    sandboxes: Type.Record(Type.String(), Type.Integer(), { description: 'By state' }),
    audit: Type.Object({ entries_24h: count(), denied_24h: count() }),
  },
  { $id: 'AdminStats' },
);
export const Dashboard = Type.Object(
  { tenants: count(), users: count(), api_keys: count(), sandboxes: count(), sandboxes_running: count(), denied_24h: count() },
  { $id: 'AdminDashboard' },
);
export const Health = Type.Object(
  {
    status: Type.Enum(['operational', 'degraded']),
    version: Type.String(),
    uptime_seconds: Type.Integer(),
    memory_bytes: Type.Integer(),
    dependencies: Type.Record(Type.String(), Type.Boolean()),
    database: Type.Object({ latency_ms: Type.Number(), connections: count(), size_bytes: count() }),
    audit: Type.Object({ unsealed: count() }),
  },
  { $id: 'AdminHealth' },
);
