import { NETWORK_RULES_MAX, type NetworkPolicyWire, SIZES, type SizeName } from '@miosa/kernel';
import { Type } from 'typebox';
import { Description, ExternalId, Metadata, Name, nullable, Slug, Timestamp, Uuid } from './fields.ts';

const count = () => Type.Integer({ minimum: 0 });

export const Tenant = Type.Object(
  {
    id: Uuid,
    name: nullable(Type.String()),
    slug: Type.String(),
    setup_required: Type.Boolean(),
    setup_reason: nullable(Type.Enum(['temporary_slug', 'slug_mismatch', 'no_name'])),
    plan: Type.String(),
    owner_user_id: nullable(Uuid),
    role: nullable(Type.Enum(['viewer', 'member', 'admin', 'owner'])),
    created_at: Timestamp,
    updated_at: Timestamp,
  },
  { $id: 'Tenant' },
);

/** Contract 4.2; what is in it is checked by `parseNetworkPolicy`. */
export const NetworkPolicy = Type.Unsafe<NetworkPolicyWire>(
  Type.Object(
    {
      default_effect: Type.Enum(['allow', 'deny'], { description: 'of what no rule names' }),
      rules: Type.Array(
        Type.Object(
          {
            effect: Type.Enum(['allow', 'deny'], { description: 'deny beats allow' }),
            destination: Type.String({ minLength: 1, maxLength: 260, description: 'api.example.com, *.example.com (subdomains) or CIDR' }),
            ports: Type.Optional(
              Type.Array(
                Type.Union([Type.Integer({ minimum: 1, maximum: 65_535 }), Type.String({ pattern: '^[0-9]{1,5}(-[0-9]{1,5})?$' })]),
                {
                  minItems: 1,
                  maxItems: 50,
                  description: '443 or "8000-8100"; left out: every port',
                },
              ),
            ),
            protocol: Type.Optional(Type.Enum(['tcp', 'udp', 'any'])),
          },
          { title: 'NetworkRule' },
        ),
        { maxItems: NETWORK_RULES_MAX },
      ),
    },
    { title: 'NetworkPolicy' },
  ),
);

export const Settings = Type.Object(
  {
    default_region: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    default_sandbox_size: Type.Optional(Type.Enum(Object.keys(SIZES) as SizeName[])),
    idle_timeout_sec: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
    network_policy: Type.Optional(NetworkPolicy),
    markup_percent: Type.Optional(Type.Number({ minimum: 0, maximum: 1000 })),
  },
  { $id: 'OwnerSettings' },
);

const patchable = <T extends Parameters<typeof nullable>[0]>(schema: T) => Type.Optional(nullable(schema));

/** Merged into the settings in place; `null` clears a setting. */
export const SettingsPatch = Type.Object({
  default_region: patchable(Settings.properties.default_region),
  default_sandbox_size: patchable(Settings.properties.default_sandbox_size),
  idle_timeout_sec: patchable(Settings.properties.idle_timeout_sec),
  network_policy: patchable(Settings.properties.network_policy),
  markup_percent: patchable(Settings.properties.markup_percent),
});

const ProjectCounts = Type.Object({ sandboxes: count(), computers: count(), deployments: count(), databases: count() });
const WorkspaceCounts = Type.Object({ projects: count(), ...ProjectCounts.properties });

const common = {
  id: Uuid,
  tenant_id: Uuid,
  name: Type.String(),
  slug: Type.String(),
  description: nullable(Type.String()),
  is_default: Type.Boolean(),
  metadata: Metadata,
  settings: Settings,
  created_at: Timestamp,
  updated_at: Timestamp,
};

export const Workspace = Type.Object(
  { ...common, external_workspace_id: nullable(Type.String()), counts: WorkspaceCounts },
  { $id: 'Workspace' },
);

export const Project = Type.Object(
  {
    ...common,
    workspace_id: Uuid,
    workspace_slug: Type.String(),
    external_project_id: nullable(Type.String()),
    primary_deployment_id: nullable(Type.String()),
    counts: ProjectCounts,
  },
  { $id: 'Project' },
);

export const WorkspaceStats = Type.Object(
  {
    computers: count(),
    sandboxes: count(),
    deployments: count(),
    databases: count(),
    running: count(),
    vcpus: count(),
    memory_mb: count(),
    storage_bytes: count(),
  },
  { $id: 'WorkspaceStats' },
);

export const Deleted = Type.Object({ id: Type.String(), deleted: Type.Literal(true) }, { $id: 'Deleted' });

export const TenantIdentity = Type.Object({ name: Name, slug: Type.Optional(Type.String({ maxLength: 120 })) });

const optional = {
  slug: Type.Optional(nullable(Slug)),
  description: Type.Optional(nullable(Description)),
  metadata: Type.Optional(nullable(Metadata)),
  settings: Type.Optional(nullable(Settings)),
};

export const WorkspaceCreate = Type.Object({ name: Name, ...optional, external_workspace_id: Type.Optional(nullable(ExternalId)) });

const change = {
  name: Type.Optional(Name),
  description: Type.Optional(nullable(Description)),
  metadata: Type.Optional(nullable(Metadata)),
  settings: Type.Optional(nullable(SettingsPatch)),
};

export const WorkspaceChange = Type.Object({ ...change, external_workspace_id: Type.Optional(nullable(ExternalId)) });

export const ProjectCreate = Type.Object({
  name: Name,
  ...optional,
  workspace_id: Type.Optional(nullable(Uuid)),
  workspace_slug: Type.Optional(nullable(Slug)),
  external_workspace_id: Type.Optional(nullable(ExternalId)),
  external_project_id: Type.Optional(nullable(ExternalId)),
});

export const ProjectChange = Type.Object({
  ...change,
  external_project_id: Type.Optional(nullable(ExternalId)),
  primary_deployment_id: Type.Optional(
    nullable(Type.String({ maxLength: 64, description: 'a deployment of the project; null: its oldest one' })),
  ),
});
