-- Sandboxes, previews, shares, env, usage intervals. Contract 4.2, 4.15.
create table sandboxes (
  id text primary key,
  tenant_id uuid not null references tenants (id),
  workspace_id uuid not null references workspaces (id),
  project_id uuid not null references projects (id),
  owner_user_id uuid references users (id),
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  name text not null,
  slug text not null unique,
  metadata jsonb not null default '{}',
  tags text[] not null default '{}',
  state text not null check (state in ('provisioning', 'running', 'paused', 'error', 'destroyed')),
  -- Set while a transition is under way (pausing, resuming, destroying); the reconciler ends it after `transition_deadline`.
  transition text check (transition in ('pausing', 'resuming', 'destroying')),
  transition_deadline timestamptz,
  state_reason text,
  ended_reason text,
  template_id text not null,
  size text not null,
  cpu_count int not null,
  memory_mb int not null,
  disk_size_mb int not null,
  persistent boolean not null,
  always_on boolean not null,
  timeout_sec int not null,
  idle_timeout_sec int not null,
  expires_at timestamptz,
  isolation text,
  boot_path text,
  boot_ms int,
  resume_keeps text,
  preview_port int,
  start_command text, -- run after every boot from files
  endpoint jsonb, -- AgentEndpoint of the runtime port
  test boolean not null default false,
  created_by text not null,
  api_key_id uuid,
  last_activity_at timestamptz,
  started_at timestamptz,
  paused_at timestamptz,
  destroyed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sandboxes_page on sandboxes (tenant_id, created_at desc, id desc);
create index sandboxes_project on sandboxes (project_id, state);
create index sandboxes_workspace on sandboxes (workspace_id, state);
create index sandboxes_external on sandboxes (tenant_id, external_workspace_id, created_at desc);
create index sandboxes_overdue on sandboxes (transition_deadline) where transition_deadline is not null;
create index sandboxes_live on sandboxes (state) where state <> 'destroyed';

create table previews (
  id text primary key,
  tenant_id uuid not null references tenants (id),
  sandbox_id text not null references sandboxes (id),
  port int not null,
  name text,
  visibility text not null check (visibility in ('public', 'private')),
  host_header text not null default 'localhost' check (host_header in ('localhost', 'public')),
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index previews_port on previews (sandbox_id, port) where deleted_at is null;

create table shares (
  id text primary key,
  tenant_id uuid not null references tenants (id),
  sandbox_id text not null references sandboxes (id),
  port int not null,
  name text,
  token_hash bytea not null unique,
  token_prefix text not null,
  api_key_id uuid,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null default now()
);
create index shares_sandbox on shares (sandbox_id);

create table sandbox_env (
  sandbox_id text not null references sandboxes (id),
  key text not null,
  sealed_value bytea not null, -- AES-256-GCM under the installation's key
  encrypted boolean not null,
  updated_at timestamptz not null default now(),
  primary key (sandbox_id, key)
);

-- Running intervals: opened and closed in the transaction of the state change, so usage can neither be lost nor counted twice.
create table usage_intervals (
  id text primary key,
  tenant_id uuid not null references tenants (id),
  workspace_id uuid not null,
  project_id uuid not null,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  resource_type text not null,
  resource_id text not null,
  vcpus int not null,
  memory_mb int not null,
  test boolean not null default false,
  started_at timestamptz not null,
  ended_at timestamptz
);
create unique index usage_open on usage_intervals (resource_type, resource_id) where ended_at is null;
create index usage_tenant on usage_intervals (tenant_id, started_at);
