import { Type } from 'typebox';
import { ExternalId, NetworkPolicy, nullable, Timestamp, Uuid } from '../tenancy/index.ts';

const optional = <T extends Parameters<typeof nullable>[0]>(schema: T) => Type.Optional(nullable(schema));
const ResourceId = Type.String({ minLength: 1, maxLength: 64 });

export const BrowserTokenCreate = Type.Object(
  {
    workspace_id: optional(Uuid),
    project_id: optional(Uuid),
    sandbox_id: optional(ResourceId),
    computer_id: optional(ResourceId),
    external_workspace_id: optional(ExternalId),
    external_user_id: optional(ExternalId),
    external_project_id: optional(ExternalId),
    permissions: Type.Array(Type.String({ maxLength: 64 }), {
      minItems: 1,
      maxItems: 16,
      description:
        'sandbox:read, sandbox:exec, sandbox:files, preview:read, terminal:open, computer:view, computer:control; each needs the scope it rests on',
    }),
    ttl_seconds: Type.Integer({ minimum: 60, maximum: 86_400, default: 3600 }),
  },
  { title: 'BrowserTokenRequest' },
);

export const BrowserToken = Type.Object(
  {
    token: Type.String({ description: 'mbt_…' }),
    expires_at: Timestamp,
    permissions: Type.Array(Type.String()),
    sandbox_id: Type.Optional(Type.String()),
    workspace_id: Type.String(),
    project_id: Type.Optional(Type.String()),
  },
  { title: 'BrowserToken' },
);

export const TicketCreate = Type.Object(
  { stream: optional(Type.String({ minLength: 1, maxLength: 1024, pattern: '^/[!-~]*$', description: 'path the ticket is good for' })) },
  { title: 'SseTicketRequest' },
);
export const Ticket = Type.Object({ ticket: Type.String({ description: 'sset_…' }), expires_in: Type.Integer() }, { title: 'SseTicket' });

const Origins = Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
  maxItems: 50,
  description: 'e.g. https://app.cliniciq.com; empty = any',
});
const SETTINGS = { allowed_origins: Origins, embed_origins: Origins, network_policy: nullable(NetworkPolicy) };
export const Settings = Type.Object(SETTINGS, { title: 'Settings' });
export const SettingsUpdate = Type.Object(
  { allowed_origins: optional(Origins), embed_origins: optional(Origins), network_policy: optional(NetworkPolicy) },
  { title: 'SettingsUpdateRequest' },
);
