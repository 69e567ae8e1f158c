import { PAGE_QUERY } from '@miosa/http';
import { Type } from 'typebox';
import { Name, nullable, Tenant, Timestamp, Uuid } from '../tenancy/index.ts';

const KEY_TYPES = ['user', 'live', 'test', 'admin', 'platform'] as const;
const KeyTypeSchema = Type.Enum([...KEY_TYPES]);
const PurposeSchema = Type.Enum(['api', 'optimal']);
const StatusSchema = Type.Enum(['active', 'revoked', 'expired']);
const Scopes = Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 64, uniqueItems: true });
const AllowedIps = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 100 });
const Rpm = Type.Integer({ minimum: 1, maximum: 1_000_000 });

export const User = Type.Object(
  {
    id: Uuid,
    email: Type.String(),
    name: nullable(Type.String()),
    avatar_url: nullable(Type.String()),
    is_operator: Type.Boolean(),
    created_at: Timestamp,
  },
  { $id: 'User' },
);

const apiKeyFields = {
  id: Uuid,
  tenant_id: Uuid,
  name: Type.String(),
  key_prefix: Type.String({ description: 'First 12 characters; all that is ever shown again' }),
  key_type: KeyTypeSchema,
  key_purpose: PurposeSchema,
  scopes: Type.Array(Type.String()),
  workspace_id: nullable(Uuid),
  user_id: nullable(Uuid),
  allowed_ips: Type.Array(Type.String()),
  rate_limit_rpm: Type.Integer(),
  monthly_budget_usd: nullable(Type.Number()),
  status: StatusSchema,
  expires_at: nullable(Timestamp),
  last_used_at: nullable(Timestamp),
  rotated_to: nullable(Uuid),
  created_by: Type.String(),
  created_at: Timestamp,
  revoked_at: nullable(Timestamp),
};

export const ApiKey = Type.Object(apiKeyFields, { $id: 'ApiKey' });
export const ApiKeyWithSecret = Type.Object(
  { ...apiKeyFields, key: Type.String({ description: 'The key itself: returned this once, never stored' }) },
  { $id: 'ApiKeyWithSecret' },
);

export const ApiKeyQuery = Type.Object({
  ...PAGE_QUERY,
  key_type: Type.Optional(KeyTypeSchema),
  status: Type.Optional(StatusSchema),
});

export const ApiKeyCreate = Type.Object({
  name: Name,
  key_type: Type.Enum([...KEY_TYPES], { default: 'user' }),
  purpose: Type.Enum(['api', 'optimal'], { default: 'api' }),
  scopes: Type.Optional(nullable(Scopes)),
  workspace_id: Type.Optional(nullable(Uuid)),
  allowed_ips: Type.Optional(nullable(AllowedIps)),
  expires_at: Type.Optional(nullable(Timestamp)),
  rate_limit_rpm: Type.Optional(nullable(Rpm)),
  monthly_budget_usd: Type.Optional(nullable(Type.Number({ minimum: 0 }))),
});

export const OperatorKeyCreate = Type.Object({
  name: Name,
  tenant_id: Uuid,
  user_id: Type.Optional(nullable(Uuid)),
  key_type: Type.Enum([...KEY_TYPES], { default: 'user' }),
  purpose: Type.Enum(['api', 'optimal'], { default: 'api' }),
  scopes: Type.Optional(nullable(Scopes)),
  rate_limit_rpm: Type.Optional(nullable(Rpm)),
  expires_at: Type.Optional(nullable(Timestamp)),
  allowed_ips: Type.Optional(nullable(AllowedIps)),
});

export const ApiKeyChange = Type.Object({
  name: Type.Optional(Name),
  scopes: Type.Optional(Scopes),
  allowed_ips: Type.Optional(nullable(AllowedIps)),
  rate_limit_rpm: Type.Optional(Rpm),
});

export const ApiKeyRotate = Type.Object({ grace_seconds: Type.Integer({ minimum: 0, maximum: 604_800, default: 0 }) });

const Email = Type.String({ minLength: 3, maxLength: 320 });
/** For new accounts and mail: one plain address, nothing that a mail header would read otherwise. */
export const NewEmail = Type.String({
  minLength: 3,
  maxLength: 320,
  pattern: '^[^\\s@<>()[\\]\\\\,;:"\\u0000-\\u001f\\u007f-\\u009f]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$',
});
export const NewPassword = Type.String({ minLength: 10, maxLength: 200 });
const RefreshToken = Type.String({ maxLength: 4096 });

export const Login = Type.Object({ email: Email, password: Type.String({ minLength: 1, maxLength: 1024 }) });
export const Refresh = Type.Object({ refresh_token: RefreshToken });
export const Logout = Type.Object({ refresh_token: Type.Optional(nullable(RefreshToken)) });

export const LoginResult = Type.Object(
  {
    token: Type.String(),
    refresh_token: Type.String(),
    user: Type.Object({ id: Uuid, email: Type.String(), name: nullable(Type.String()) }),
    tenant: Tenant,
  },
  { $id: 'LoginResult' },
);

export const Success = Type.Object({ success: Type.Literal(true) }, { $id: 'Success' });

export const Me = Type.Object(
  {
    credential: Type.Enum(['key', 'jwt', 'browser']),
    user: nullable(User),
    tenant: Tenant,
    role: nullable(Type.Enum(['viewer', 'member', 'admin', 'owner'])),
    key: nullable(ApiKey),
    scopes: Type.Array(Type.String()),
    permissions: nullable(Type.Array(Type.String(), { description: 'Of a browser token' })),
  },
  { $id: 'Me' },
);

export const Bootstrap = Type.Object({
  organization_name: Name,
  email: Type.String({ maxLength: 320, pattern: '^[^\\s@]+@[^\\s@]+$' }),
  password: Type.String({ minLength: 10, maxLength: 200 }),
});
export const BootstrapResult = Type.Object({ tenant: Tenant, user: User, api_key: ApiKeyWithSecret });
