-- The schema after all migrations; written by a test, for review. Change it by a new file in migrations/.

create table api_keys (
  id uuid not null,
  tenant_id uuid not null,
  user_id uuid,
  workspace_id uuid,
  name text not null,
  key_type text not null,
  key_purpose text default 'api'::text not null,
  key_hash bytea not null,
  key_prefix text not null,
  scopes text[] not null,
  allowed_ips text[] default '{}'::text[] not null,
  rate_limit_rpm integer not null,
  created_by text not null,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  rotated_to uuid,
  revoked_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  expiry_told boolean default false not null,
  constraint api_keys_key_hash_key UNIQUE (key_hash),
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_rotated_to_fkey FOREIGN KEY (rotated_to) REFERENCES api_keys(id),
  constraint api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint api_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id),
  constraint api_keys_key_purpose_check CHECK ((key_purpose = ANY (ARRAY['api'::text, 'optimal'::text]))),
  constraint api_keys_key_type_check CHECK ((key_type = ANY (ARRAY['user'::text, 'admin'::text, 'platform'::text, 'live'::text, 'test'::text])))
);

create table audit_chains (
  tenant_id uuid not null,
  base_position bigint default 0 not null,
  base_hash text,
  "position" bigint not null,
  hash text,
  sealed_until timestamp with time zone,
  proof bytea,
  constraint audit_chains_pkey PRIMARY KEY (tenant_id)
);

create table audit_entries (
  seq bigint generated always as identity not null,
  id text not null,
  tenant_id uuid not null,
  api_key_id uuid,
  actor_type text not null,
  actor_id text not null,
  actor_name text not null,
  action text not null,
  resource_type text not null,
  resource_id text,
  workspace_id uuid,
  project_id uuid,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  outcome text not null,
  error_code text,
  ip_address text,
  user_agent text,
  request_id text not null,
  metadata jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  attestation bytea,
  constraint audit_entries_id_key UNIQUE (id),
  constraint audit_entries_pkey PRIMARY KEY (seq),
  constraint audit_entries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint audit_entries_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'denied'::text, 'failure'::text])))
);

create table audit_origin (
  last_unattested_seq bigint not null
);

create table audit_seals (
  tenant_id uuid not null,
  "position" bigint not null,
  entry_seq bigint not null,
  entry_id text not null,
  prev_hash text,
  hash text not null,
  constraint audit_seals_entry_seq_key UNIQUE (entry_seq),
  constraint audit_seals_pkey PRIMARY KEY (tenant_id, "position")
);

create table audit_unsealed (
  entry_seq bigint not null,
  entry_id text not null,
  tenant_id uuid not null,
  constraint audit_unsealed_pkey PRIMARY KEY (entry_seq)
);

create table bulk_items (
  operation_id text not null,
  "position" integer not null,
  sandbox_id text not null,
  state text not null,
  code text,
  leased_until timestamp with time zone,
  constraint bulk_items_pkey PRIMARY KEY (operation_id, "position"),
  constraint bulk_items_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES bulk_operations(id) ON DELETE CASCADE,
  constraint bulk_items_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'completed'::text, 'failed'::text])))
);

create table bulk_operations (
  id text not null,
  tenant_id uuid not null,
  action text not null,
  actor jsonb not null,
  actor_id text not null,
  request_id text not null,
  created_at timestamp with time zone not null,
  constraint bulk_operations_pkey PRIMARY KEY (id),
  constraint bulk_operations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint bulk_operations_action_check CHECK ((action = ANY (ARRAY['pause'::text, 'resume'::text, 'destroy'::text])))
);

create table deployment_build_lines (
  build_id text not null,
  seq integer not null,
  ts timestamp with time zone not null,
  stream text not null,
  step text not null,
  line text not null,
  constraint deployment_build_lines_pkey PRIMARY KEY (build_id, seq),
  constraint deployment_build_lines_build_id_fkey FOREIGN KEY (build_id) REFERENCES deployment_builds(id) ON DELETE CASCADE,
  constraint deployment_build_lines_stream_check CHECK ((stream = ANY (ARRAY['stdout'::text, 'stderr'::text, 'system'::text])))
);

create table deployment_builds (
  id text not null,
  deployment_id text not null,
  version_id text not null,
  tenant_id uuid not null,
  state text not null,
  triggered_by text not null,
  commit_sha text,
  commit_message text,
  error text,
  error_code text,
  promote boolean not null,
  actor jsonb not null,
  request_id text not null,
  machine_id text,
  lease_until timestamp with time zone,
  cancel_requested_at timestamp with time zone,
  created_at timestamp with time zone not null,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  hook_sha256 text,
  constraint deployment_builds_pkey PRIMARY KEY (id),
  constraint deployment_builds_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES deployments(id),
  constraint deployment_builds_machine_id_fkey FOREIGN KEY (machine_id) REFERENCES sandboxes(id),
  constraint deployment_builds_version_id_fkey FOREIGN KEY (version_id) REFERENCES deployment_versions(id),
  constraint deployment_builds_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'building'::text, 'ready'::text, 'failed'::text, 'cancelled'::text])))
);

create table deployment_env (
  deployment_id text not null,
  revision integer not null,
  sealed_vars bytea not null,
  sha256 text not null,
  created_at timestamp with time zone not null,
  constraint deployment_env_pkey PRIMARY KEY (deployment_id, revision),
  constraint deployment_env_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES deployments(id)
);

create table deployment_instances (
  id text not null,
  deployment_id text not null,
  version_id text not null,
  release_id text not null,
  tenant_id uuid not null,
  machine_id text,
  env_revision integer not null,
  state text not null,
  state_reason text,
  port integer not null,
  restarts integer default 0 not null,
  drain_until timestamp with time zone,
  deadline timestamp with time zone,
  created_at timestamp with time zone not null,
  started_at timestamp with time zone,
  stopped_at timestamp with time zone,
  updated_at timestamp with time zone not null,
  staged boolean default false not null,
  needed_until timestamp with time zone,
  checked_at timestamp with time zone,
  misses integer default 0 not null,
  window_restarts integer default 0 not null,
  window_at timestamp with time zone,
  last_lines jsonb,
  constraint deployment_instances_pkey PRIMARY KEY (id),
  constraint deployment_instances_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES deployments(id),
  constraint deployment_instances_machine_id_fkey FOREIGN KEY (machine_id) REFERENCES sandboxes(id),
  constraint deployment_instances_release_id_fkey FOREIGN KEY (release_id) REFERENCES deployment_releases(id),
  constraint deployment_instances_version_id_fkey FOREIGN KEY (version_id) REFERENCES deployment_versions(id),
  constraint deployment_instances_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'starting'::text, 'healthy'::text, 'unhealthy'::text, 'stopping'::text, 'stopped'::text, 'failed'::text])))
);

create table deployment_releases (
  id text not null,
  deployment_id text not null,
  version_id text not null,
  kind text not null,
  sha256 text not null,
  size_bytes bigint not null,
  snapshot_id text,
  collected_at timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint deployment_releases_pkey PRIMARY KEY (id),
  constraint deployment_releases_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES deployments(id),
  constraint deployment_releases_snapshot_id_fkey FOREIGN KEY (snapshot_id) REFERENCES snapshots(id),
  constraint deployment_releases_kind_check CHECK ((kind = ANY (ARRAY['static'::text, 'oci'::text, 'rootfs'::text])))
);

create table deployment_traffic (
  deployment_id text not null,
  minute timestamp with time zone not null,
  requests bigint not null,
  errors bigint not null,
  egress_bytes bigint not null,
  latencies bigint[] not null,
  constraint deployment_traffic_pkey PRIMARY KEY (deployment_id, minute),
  constraint deployment_traffic_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES deployments(id)
);

create table deployment_uploads (
  id text not null,
  deployment_id text not null,
  tenant_id uuid not null,
  files jsonb not null,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone not null,
  constraint deployment_uploads_pkey PRIMARY KEY (id),
  constraint deployment_uploads_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES deployments(id)
);

create table deployment_versions (
  id text not null,
  deployment_id text not null,
  tenant_id uuid not null,
  version_number integer not null,
  kind text,
  state text not null,
  state_reason text,
  source_type text not null,
  source jsonb not null,
  source_sandbox_id text,
  source_sha256 text,
  request jsonb not null,
  metadata jsonb default '{}'::jsonb not null,
  artifact_sha256 text,
  files integer,
  total_bytes bigint,
  entrypoint text,
  run_command text,
  port integer,
  health_check_path text,
  env_revision integer not null,
  release_id text,
  build_id text,
  created_by text not null,
  promoted_at timestamp with time zone,
  archived_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  replaced_at timestamp with time zone,
  constraint deployment_versions_pkey PRIMARY KEY (id),
  constraint deployment_versions_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES deployments(id),
  constraint deployment_versions_release_id_fkey FOREIGN KEY (release_id) REFERENCES deployment_releases(id),
  constraint deployment_versions_kind_check CHECK ((kind = ANY (ARRAY['static'::text, 'dynamic'::text]))),
  constraint deployment_versions_source_type_check CHECK ((source_type = ANY (ARRAY['sandbox'::text, 'snapshot'::text, 'upload'::text, 'repo'::text]))),
  constraint deployment_versions_state_check CHECK ((state = ANY (ARRAY['created'::text, 'building'::text, 'ready'::text, 'failed'::text, 'archived'::text])))
);

create table deployments (
  id text not null,
  tenant_id uuid not null,
  workspace_id uuid not null,
  project_id uuid not null,
  owner_user_id uuid,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  name text not null,
  slug text not null,
  metadata jsonb default '{}'::jsonb not null,
  state text not null,
  state_reason text,
  source_type text not null,
  repo_url text,
  branch text,
  auto_deploy boolean not null,
  sealed_webhook_secret bytea,
  build_command text,
  run_command text,
  port integer,
  health_check_path text,
  replicas integer not null,
  size text not null,
  spa text not null,
  env_revision integer default 0 not null,
  next_version_number integer default 1 not null,
  active_version_id text,
  active_env_revision integer default 0 not null,
  previous_version_id text,
  deployed_at timestamp with time zone,
  test boolean default false not null,
  created_by text not null,
  deleted_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  restarted_at timestamp with time zone,
  constraint deployments_pkey PRIMARY KEY (id),
  constraint deployments_owner_user_id_fkey FOREIGN KEY (owner_user_id) REFERENCES users(id),
  constraint deployments_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id),
  constraint deployments_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint deployments_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id),
  constraint deployments_source_type_check CHECK ((source_type = ANY (ARRAY['sandbox'::text, 'upload'::text, 'repo'::text]))),
  constraint deployments_spa_check CHECK ((spa = ANY (ARRAY['auto'::text, 'on'::text, 'off'::text]))),
  constraint deployments_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'building'::text, 'running'::text, 'stopped'::text, 'failed'::text])))
);

create table device_logins (
  id uuid not null,
  device_hash bytea not null,
  user_hash bytea not null,
  client_name text,
  expires_at timestamp with time zone not null,
  approved_by uuid,
  tenant_id uuid,
  delivered_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint device_logins_device_hash_key UNIQUE (device_hash),
  constraint device_logins_pkey PRIMARY KEY (id),
  constraint device_logins_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES users(id),
  constraint device_logins_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);

create table event_inbox (
  seq bigint default nextval('event_inbox_seq_seq'::regclass) not null,
  tenant_id uuid not null,
  type text not null,
  workspace_id uuid,
  project_id uuid,
  owner_user_id uuid,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  actor jsonb,
  resource_type text not null,
  resource_id text not null,
  narrow boolean not null,
  data jsonb not null,
  created_at timestamp with time zone not null,
  constraint event_inbox_pkey PRIMARY KEY (seq)
);

create table event_order (
  ms bigint not null,
  n bigint not null,
  last_id text not null
);

create table events (
  id text not null,
  tenant_id uuid not null,
  type text not null,
  workspace_id uuid,
  project_id uuid,
  owner_user_id uuid,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  actor jsonb,
  resource_type text not null,
  resource_id text not null,
  narrow boolean not null,
  data jsonb not null,
  created_at timestamp with time zone not null,
  constraint events_pkey PRIMARY KEY (tenant_id, id)
);

create table host_routes (
  space text not null,
  name text not null,
  tenant_id uuid not null,
  resource_type text not null,
  resource_id text not null,
  retired_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint host_routes_pkey PRIMARY KEY (space, name),
  constraint host_routes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint host_routes_space_check CHECK ((space = ANY (ARRAY['managed'::text, 'exact'::text, 'base'::text])))
);

create table idempotency_keys (
  tenant_id uuid not null,
  route text not null,
  key_hash bytea not null,
  body_hash bytea not null,
  status integer,
  sealed_body bytea,
  locked_until timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  constraint idempotency_keys_pkey PRIMARY KEY (tenant_id, route, key_hash)
);

create table invites (
  id text not null,
  tenant_id uuid not null,
  workspace_id uuid,
  email text not null,
  role text not null,
  token_hash bytea not null,
  invited_by uuid not null,
  expires_at timestamp with time zone not null,
  accepted_at timestamp with time zone,
  accepted_by uuid,
  revoked_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint invites_token_hash_key UNIQUE (token_hash),
  constraint invites_pkey PRIMARY KEY (id),
  constraint invites_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES users(id),
  constraint invites_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES users(id),
  constraint invites_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint invites_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id),
  constraint invites_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'member'::text, 'admin'::text, 'owner'::text])))
);

create table members (
  tenant_id uuid not null,
  user_id uuid not null,
  role text not null,
  joined_at timestamp with time zone default now() not null,
  constraint members_pkey PRIMARY KEY (tenant_id, user_id),
  constraint members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint members_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'member'::text, 'admin'::text, 'owner'::text])))
);

create table network_policies (
  resource_id text not null,
  tenant_id uuid not null,
  policy jsonb not null,
  updated_at timestamp with time zone default now() not null,
  constraint network_policies_pkey PRIMARY KEY (resource_id),
  constraint network_policies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);

create table password_resets (
  token_hash bytea not null,
  user_id uuid not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint password_resets_pkey PRIMARY KEY (token_hash),
  constraint password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

create table previews (
  id text not null,
  tenant_id uuid not null,
  sandbox_id text not null,
  port integer not null,
  name text,
  visibility text not null,
  host_header text default 'localhost'::text not null,
  deleted_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint previews_pkey PRIMARY KEY (id),
  constraint previews_sandbox_id_fkey FOREIGN KEY (sandbox_id) REFERENCES sandboxes(id),
  constraint previews_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint previews_host_header_check CHECK ((host_header = ANY (ARRAY['localhost'::text, 'public'::text]))),
  constraint previews_visibility_check CHECK ((visibility = ANY (ARRAY['public'::text, 'private'::text])))
);

create table projects (
  id uuid not null,
  tenant_id uuid not null,
  workspace_id uuid not null,
  name text not null,
  slug text not null,
  description text,
  external_project_id text,
  is_default boolean default false not null,
  metadata jsonb default '{}'::jsonb not null,
  settings jsonb default '{}'::jsonb not null,
  deleted_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  primary_deployment_id text,
  constraint projects_pkey PRIMARY KEY (id),
  constraint projects_primary_deployment_id_fkey FOREIGN KEY (primary_deployment_id) REFERENCES deployments(id) ON DELETE SET NULL,
  constraint projects_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint projects_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id)
);

create table sandbox_counters (
  sandbox_id text not null,
  active_cpu_usec bigint not null,
  network_ingress_bytes bigint not null,
  network_egress_bytes bigint not null,
  storage_bytes bigint not null,
  measured_at timestamp with time zone not null,
  constraint sandbox_counters_pkey PRIMARY KEY (sandbox_id),
  constraint sandbox_counters_sandbox_id_fkey FOREIGN KEY (sandbox_id) REFERENCES sandboxes(id)
);

create table sandbox_env (
  sandbox_id text not null,
  key text not null,
  sealed_value bytea not null,
  encrypted boolean not null,
  updated_at timestamp with time zone default now() not null,
  hosts text[],
  constraint sandbox_env_pkey PRIMARY KEY (sandbox_id, key),
  constraint sandbox_env_sandbox_id_fkey FOREIGN KEY (sandbox_id) REFERENCES sandboxes(id)
);

create table sandboxes (
  id text not null,
  tenant_id uuid not null,
  workspace_id uuid not null,
  project_id uuid not null,
  owner_user_id uuid,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  name text not null,
  slug text not null,
  metadata jsonb default '{}'::jsonb not null,
  tags text[] default '{}'::text[] not null,
  state text not null,
  transition text,
  transition_deadline timestamp with time zone,
  state_reason text,
  ended_reason text,
  template_id text not null,
  size text not null,
  cpu_count integer not null,
  memory_mb integer not null,
  disk_size_mb integer not null,
  persistent boolean not null,
  always_on boolean not null,
  timeout_sec integer not null,
  idle_timeout_sec integer not null,
  expires_at timestamp with time zone,
  isolation text,
  boot_path text,
  boot_ms integer,
  resume_keeps text,
  preview_port integer,
  start_command text,
  endpoint jsonb,
  test boolean default false not null,
  created_by text not null,
  api_key_id uuid,
  last_activity_at timestamp with time zone,
  started_at timestamp with time zone,
  paused_at timestamp with time zone,
  destroyed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  snapshot_id text,
  parent_sandbox_id text,
  restoring_from text,
  readiness_probe jsonb,
  image text,
  purpose text,
  constraint sandboxes_slug_key UNIQUE (slug),
  constraint sandboxes_pkey PRIMARY KEY (id),
  constraint sandboxes_owner_user_id_fkey FOREIGN KEY (owner_user_id) REFERENCES users(id),
  constraint sandboxes_parent_sandbox_id_fkey FOREIGN KEY (parent_sandbox_id) REFERENCES sandboxes(id),
  constraint sandboxes_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id),
  constraint sandboxes_restoring_from_fkey FOREIGN KEY (restoring_from) REFERENCES snapshots(id),
  constraint sandboxes_snapshot_id_fkey FOREIGN KEY (snapshot_id) REFERENCES snapshots(id),
  constraint sandboxes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint sandboxes_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id),
  constraint sandboxes_purpose_check CHECK ((purpose = ANY (ARRAY['build'::text, 'instance'::text]))),
  constraint sandboxes_state_check CHECK ((state = ANY (ARRAY['provisioning'::text, 'running'::text, 'paused'::text, 'error'::text, 'destroyed'::text]))),
  constraint sandboxes_transition_check CHECK ((transition = ANY (ARRAY['pausing'::text, 'resuming'::text, 'destroying'::text, 'snapshotting'::text, 'restoring'::text, 'resizing'::text, 'hibernating'::text])))
);

create table sessions (
  id uuid not null,
  user_id uuid not null,
  tenant_id uuid not null,
  token_hash bytea not null,
  previous_hash bytea,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint sessions_token_hash_key UNIQUE (token_hash),
  constraint sessions_pkey PRIMARY KEY (id),
  constraint sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

create table shares (
  id text not null,
  tenant_id uuid not null,
  sandbox_id text not null,
  port integer not null,
  name text,
  token_hash bytea not null,
  token_prefix text not null,
  api_key_id uuid,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint shares_token_hash_key UNIQUE (token_hash),
  constraint shares_pkey PRIMARY KEY (id),
  constraint shares_sandbox_id_fkey FOREIGN KEY (sandbox_id) REFERENCES sandboxes(id),
  constraint shares_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);

create table snapshots (
  id text not null,
  tenant_id uuid not null,
  workspace_id uuid not null,
  project_id uuid not null,
  owner_user_id uuid,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  sandbox_id text not null,
  name text not null,
  state text not null,
  state_reason text,
  deadline timestamp with time zone,
  hidden boolean default false not null,
  comment text,
  keep boolean not null,
  retention_seconds integer,
  expires_at timestamp with time zone,
  size_bytes bigint default 0 not null,
  last_used_at timestamp with time zone,
  deleted_at timestamp with time zone,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint snapshots_pkey PRIMARY KEY (id),
  constraint snapshots_owner_user_id_fkey FOREIGN KEY (owner_user_id) REFERENCES users(id),
  constraint snapshots_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id),
  constraint snapshots_sandbox_id_fkey FOREIGN KEY (sandbox_id) REFERENCES sandboxes(id),
  constraint snapshots_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint snapshots_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id),
  constraint snapshots_state_check CHECK ((state = ANY (ARRAY['creating'::text, 'ready'::text, 'failed'::text, 'deleted'::text])))
);

create table sse_tickets (
  ticket_hash bytea not null,
  tenant_id uuid not null,
  reference jsonb not null,
  stream text,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint sse_tickets_pkey PRIMARY KEY (ticket_hash),
  constraint sse_tickets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);

create table template_build_lines (
  build_id text not null,
  seq integer not null,
  ts timestamp with time zone not null,
  stream text not null,
  line text not null,
  constraint template_build_lines_pkey PRIMARY KEY (build_id, seq),
  constraint template_build_lines_build_id_fkey FOREIGN KEY (build_id) REFERENCES template_builds(id) ON DELETE CASCADE,
  constraint template_build_lines_stream_check CHECK ((stream = ANY (ARRAY['stdout'::text, 'stderr'::text, 'system'::text])))
);

create table template_builds (
  id text not null,
  template_id text not null,
  tenant_id uuid not null,
  build_spec jsonb not null,
  state text not null,
  error text,
  actor jsonb not null,
  triggered_by text not null,
  request_id text not null,
  sandbox_id text,
  lease_until timestamp with time zone,
  created_at timestamp with time zone not null,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  constraint template_builds_pkey PRIMARY KEY (id),
  constraint template_builds_sandbox_id_fkey FOREIGN KEY (sandbox_id) REFERENCES sandboxes(id),
  constraint template_builds_template_id_fkey FOREIGN KEY (template_id) REFERENCES templates(id),
  constraint template_builds_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'building'::text, 'ready'::text, 'failed'::text])))
);

create table templates (
  id text not null,
  tenant_id uuid not null,
  workspace_id uuid not null,
  project_id uuid not null,
  owner_user_id uuid,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  name text not null,
  slug text not null,
  description text,
  build_spec jsonb not null,
  ready_spec jsonb,
  snapshot_id text,
  state text not null,
  created_by text not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  deleted_at timestamp with time zone,
  constraint templates_pkey PRIMARY KEY (id),
  constraint templates_owner_user_id_fkey FOREIGN KEY (owner_user_id) REFERENCES users(id),
  constraint templates_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id),
  constraint templates_snapshot_id_fkey FOREIGN KEY (snapshot_id) REFERENCES snapshots(id),
  constraint templates_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint templates_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id),
  constraint templates_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'building'::text, 'ready'::text, 'failed'::text])))
);

create table tenant_blobs (
  tenant_id uuid not null,
  sha256 text not null,
  size_bytes bigint not null,
  encodings jsonb default '{}'::jsonb not null,
  last_used_at timestamp with time zone not null,
  doomed_at timestamp with time zone,
  constraint tenant_blobs_pkey PRIMARY KEY (tenant_id, sha256),
  constraint tenant_blobs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);

create table tenants (
  id uuid not null,
  name text,
  slug text not null,
  plan text default 'starter'::text not null,
  owner_user_id uuid,
  setup_done boolean default false not null,
  deleted_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  allowed_origins text[] default '{}'::text[] not null,
  embed_origins text[] default '{}'::text[] not null,
  suspended_at timestamp with time zone,
  suspend_reason text,
  network_policy jsonb,
  constraint tenants_slug_key UNIQUE (slug),
  constraint tenants_pkey PRIMARY KEY (id),
  constraint tenants_owner_user_id_fkey FOREIGN KEY (owner_user_id) REFERENCES users(id)
);

create table usage_intervals (
  id text not null,
  tenant_id uuid not null,
  workspace_id uuid not null,
  project_id uuid not null,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  resource_type text not null,
  resource_id text not null,
  vcpus integer not null,
  memory_mb integer not null,
  test boolean default false not null,
  started_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint usage_intervals_pkey PRIMARY KEY (id),
  constraint usage_intervals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);

create table users (
  id uuid not null,
  email text not null,
  name text,
  password_hash text not null,
  is_operator boolean default false not null,
  created_at timestamp with time zone default now() not null,
  suspended_at timestamp with time zone,
  suspend_reason text,
  deleted_at timestamp with time zone,
  constraint users_pkey PRIMARY KEY (id)
);

create table workspace_members (
  workspace_id uuid not null,
  user_id uuid not null,
  tenant_id uuid not null,
  role text not null,
  joined_at timestamp with time zone default now() not null,
  constraint workspace_members_pkey PRIMARY KEY (workspace_id, user_id),
  constraint workspace_members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint workspace_members_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES members(tenant_id, user_id) ON DELETE CASCADE,
  constraint workspace_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint workspace_members_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id),
  constraint workspace_members_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'member'::text, 'admin'::text, 'owner'::text])))
);

create table workspaces (
  id uuid not null,
  tenant_id uuid not null,
  name text not null,
  slug text not null,
  description text,
  external_workspace_id text,
  is_default boolean default false not null,
  metadata jsonb default '{}'::jsonb not null,
  settings jsonb default '{}'::jsonb not null,
  deleted_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint workspaces_pkey PRIMARY KEY (id),
  constraint workspaces_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);

CREATE INDEX api_keys_all ON public.api_keys USING btree (created_at DESC, id DESC);

CREATE INDEX api_keys_expiry ON public.api_keys USING btree (expires_at) WHERE ((revoked_at IS NULL) AND (NOT expiry_told));

CREATE INDEX api_keys_page ON public.api_keys USING btree (tenant_id, created_at DESC, id DESC);

CREATE INDEX audit_action ON public.audit_entries USING btree (tenant_id, action, seq DESC);

CREATE INDEX audit_actor ON public.audit_entries USING btree (tenant_id, actor_id, seq DESC);

CREATE INDEX audit_created ON public.audit_entries USING btree (tenant_id, created_at DESC);

CREATE INDEX audit_external_project ON public.audit_entries USING btree (tenant_id, external_project_id, seq DESC) WHERE (external_project_id IS NOT NULL);

CREATE INDEX audit_external_user ON public.audit_entries USING btree (tenant_id, external_user_id, seq DESC) WHERE (external_user_id IS NOT NULL);

CREATE INDEX audit_external_workspace ON public.audit_entries USING btree (tenant_id, external_workspace_id, seq DESC) WHERE (external_workspace_id IS NOT NULL);

CREATE INDEX audit_key ON public.audit_entries USING btree (tenant_id, api_key_id, seq DESC);

CREATE INDEX audit_outcome ON public.audit_entries USING btree (tenant_id, outcome, seq DESC);

CREATE INDEX audit_page ON public.audit_entries USING btree (tenant_id, seq DESC);

CREATE INDEX audit_project ON public.audit_entries USING btree (tenant_id, project_id, seq DESC) WHERE (project_id IS NOT NULL);

CREATE INDEX audit_resource ON public.audit_entries USING btree (tenant_id, resource_id, seq DESC);

CREATE INDEX audit_resource_type ON public.audit_entries USING btree (tenant_id, resource_type, seq DESC);

CREATE INDEX audit_time ON public.audit_entries USING brin (created_at);

CREATE INDEX audit_unsealed_tenant ON public.audit_unsealed USING btree (tenant_id);

CREATE INDEX audit_workspace ON public.audit_entries USING btree (tenant_id, workspace_id, seq DESC);

CREATE INDEX bulk_items_queued ON public.bulk_items USING btree (operation_id, "position") WHERE (state = 'queued'::text);

CREATE INDEX bulk_operations_time ON public.bulk_operations USING btree (created_at);

CREATE INDEX deployment_builds_due ON public.deployment_builds USING btree (created_at) WHERE (state = ANY (ARRAY['queued'::text, 'building'::text]));

CREATE UNIQUE INDEX deployment_builds_hook ON public.deployment_builds USING btree (deployment_id, hook_sha256) WHERE (hook_sha256 IS NOT NULL);

CREATE UNIQUE INDEX deployment_builds_one ON public.deployment_builds USING btree (deployment_id) WHERE (state = 'building'::text);

CREATE INDEX deployment_builds_page ON public.deployment_builds USING btree (deployment_id, created_at DESC, id DESC);

CREATE INDEX deployment_instances_failed ON public.deployment_instances USING btree (version_id, stopped_at) WHERE (state = 'failed'::text);

CREATE INDEX deployment_instances_live ON public.deployment_instances USING btree (version_id) WHERE (state <> ALL (ARRAY['stopped'::text, 'failed'::text]));

CREATE INDEX deployment_instances_machine ON public.deployment_instances USING btree (machine_id);

CREATE INDEX deployment_instances_page ON public.deployment_instances USING btree (deployment_id, created_at DESC, id DESC);

CREATE INDEX deployment_releases_kept ON public.deployment_releases USING btree (created_at) WHERE (collected_at IS NULL);

CREATE INDEX deployment_releases_page ON public.deployment_releases USING btree (deployment_id, created_at DESC, id DESC);

CREATE INDEX deployment_releases_snapshots ON public.deployment_releases USING btree (collected_at) WHERE ((collected_at IS NOT NULL) AND (snapshot_id IS NOT NULL));

CREATE INDEX deployment_traffic_old ON public.deployment_traffic USING btree (minute);

CREATE INDEX deployment_uploads_expired ON public.deployment_uploads USING btree (expires_at);

CREATE UNIQUE INDEX deployment_versions_number ON public.deployment_versions USING btree (deployment_id, version_number DESC);

CREATE INDEX deployment_versions_suffix ON public.deployment_versions USING btree (deployment_id, "right"(id, 10));

CREATE INDEX deployments_external ON public.deployments USING btree (tenant_id, external_workspace_id, created_at DESC) WHERE (deleted_at IS NULL);

CREATE INDEX deployments_page ON public.deployments USING btree (tenant_id, created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX deployments_project ON public.deployments USING btree (project_id) WHERE (deleted_at IS NULL);

CREATE UNIQUE INDEX deployments_slug ON public.deployments USING btree (tenant_id, slug) WHERE (deleted_at IS NULL);

CREATE INDEX device_logins_expired ON public.device_logins USING btree (expires_at);

CREATE UNIQUE INDEX device_logins_open ON public.device_logins USING btree (user_hash) WHERE (delivered_at IS NULL);

CREATE INDEX events_resource ON public.events USING btree (tenant_id, resource_id, id);

CREATE INDEX events_time ON public.events USING brin (created_at);

CREATE INDEX host_routes_resource ON public.host_routes USING btree (resource_type, resource_id);

CREATE INDEX idempotency_expiry ON public.idempotency_keys USING btree (created_at);

CREATE UNIQUE INDEX invites_open ON public.invites USING btree (tenant_id, COALESCE(workspace_id, tenant_id), lower(email)) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));

CREATE INDEX invites_page ON public.invites USING btree (tenant_id, created_at DESC, id DESC);

CREATE INDEX members_user ON public.members USING btree (user_id);

CREATE INDEX password_resets_user ON public.password_resets USING btree (user_id, created_at);

CREATE UNIQUE INDEX previews_port ON public.previews USING btree (sandbox_id, port) WHERE (deleted_at IS NULL);

CREATE UNIQUE INDEX projects_default ON public.projects USING btree (workspace_id) WHERE (is_default AND (deleted_at IS NULL));

CREATE UNIQUE INDEX projects_external ON public.projects USING btree (workspace_id, external_project_id) WHERE (deleted_at IS NULL);

CREATE INDEX projects_external_any ON public.projects USING btree (tenant_id, external_project_id) WHERE (deleted_at IS NULL);

CREATE INDEX projects_page ON public.projects USING btree (tenant_id, created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX projects_primary_deployment ON public.projects USING btree (primary_deployment_id) WHERE (primary_deployment_id IS NOT NULL);

CREATE UNIQUE INDEX projects_slug ON public.projects USING btree (workspace_id, slug) WHERE (deleted_at IS NULL);

CREATE INDEX sandboxes_external ON public.sandboxes USING btree (tenant_id, external_workspace_id, created_at DESC);

CREATE INDEX sandboxes_live ON public.sandboxes USING btree (state) WHERE (state <> 'destroyed'::text);

CREATE INDEX sandboxes_name ON public.sandboxes USING btree (project_id, name) WHERE (state <> 'destroyed'::text);

CREATE INDEX sandboxes_of_snapshot ON public.sandboxes USING btree (snapshot_id) WHERE (snapshot_id IS NOT NULL);

CREATE INDEX sandboxes_overdue ON public.sandboxes USING btree (transition_deadline) WHERE (transition_deadline IS NOT NULL);

CREATE INDEX sandboxes_page ON public.sandboxes USING btree (tenant_id, created_at DESC, id DESC);

CREATE INDEX sandboxes_project ON public.sandboxes USING btree (project_id, state);

CREATE INDEX sandboxes_restoring ON public.sandboxes USING btree (restoring_from) WHERE (restoring_from IS NOT NULL);

CREATE INDEX sandboxes_workspace ON public.sandboxes USING btree (workspace_id, state);

CREATE INDEX sessions_previous ON public.sessions USING btree (previous_hash);

CREATE INDEX shares_sandbox ON public.shares USING btree (sandbox_id);

CREATE INDEX snapshots_expired ON public.snapshots USING btree (expires_at) WHERE (state = ANY (ARRAY['ready'::text, 'failed'::text]));

CREATE INDEX snapshots_overdue ON public.snapshots USING btree (deadline) WHERE (state = 'creating'::text);

CREATE INDEX snapshots_project ON public.snapshots USING btree (project_id) WHERE (state <> 'deleted'::text);

CREATE INDEX snapshots_sandbox ON public.snapshots USING btree (sandbox_id, created_at DESC, id DESC);

CREATE INDEX sse_tickets_expired ON public.sse_tickets USING btree (expires_at);

CREATE INDEX template_builds_due ON public.template_builds USING btree (created_at) WHERE (state = ANY (ARRAY['queued'::text, 'building'::text]));

CREATE INDEX template_builds_list ON public.template_builds USING btree (template_id, created_at DESC, id DESC);

CREATE UNIQUE INDEX template_builds_one ON public.template_builds USING btree (template_id) WHERE (state = ANY (ARRAY['queued'::text, 'building'::text]));

CREATE INDEX templates_list ON public.templates USING btree (tenant_id, created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX templates_project ON public.templates USING btree (project_id) WHERE (deleted_at IS NULL);

CREATE UNIQUE INDEX templates_slug ON public.templates USING btree (tenant_id, slug) WHERE (deleted_at IS NULL);

CREATE INDEX tenant_blobs_doomed ON public.tenant_blobs USING btree (doomed_at) WHERE (doomed_at IS NOT NULL);

CREATE INDEX tenant_blobs_unused ON public.tenant_blobs USING btree (last_used_at) WHERE (doomed_at IS NULL);

CREATE INDEX tenants_deleted ON public.tenants USING btree (id) WHERE (deleted_at IS NOT NULL);

CREATE INDEX tenants_page ON public.tenants USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX tenants_suspended ON public.tenants USING btree (id) WHERE (suspended_at IS NOT NULL);

CREATE UNIQUE INDEX usage_open ON public.usage_intervals USING btree (resource_type, resource_id) WHERE (ended_at IS NULL);

CREATE INDEX usage_tenant ON public.usage_intervals USING btree (tenant_id, started_at);

CREATE UNIQUE INDEX users_email ON public.users USING btree (lower(email));

CREATE INDEX users_page ON public.users USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX workspace_members_user ON public.workspace_members USING btree (tenant_id, user_id);

CREATE UNIQUE INDEX workspaces_default ON public.workspaces USING btree (tenant_id) WHERE (is_default AND (deleted_at IS NULL));

CREATE UNIQUE INDEX workspaces_external ON public.workspaces USING btree (tenant_id, external_workspace_id) WHERE (deleted_at IS NULL);

CREATE INDEX workspaces_page ON public.workspaces USING btree (tenant_id, created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE UNIQUE INDEX workspaces_slug ON public.workspaces USING btree (tenant_id, slug) WHERE (deleted_at IS NULL);

create view edge_dead_keys as
 SELECT id,
    revoked_at,
    expires_at
   FROM api_keys k
  WHERE ((revoked_at IS NOT NULL) OR (expires_at IS NOT NULL));

create view edge_deployments as
 SELECT r.space,
    r.name,
    d.id AS deployment_id,
    d.tenant_id,
        CASE
            WHEN ((r.retired_at IS NOT NULL) OR (d.deleted_at IS NOT NULL)) THEN 'deleted'::text
            WHEN (t.suspended_at IS NOT NULL) THEN 'stopped'::text
            ELSE d.state
        END AS state,
    d.spa,
    v.id AS version_id,
    v.kind,
    l.sha256 AS manifest_sha256,
        CASE
            WHEN (v.kind = 'dynamic'::text) THEN deployment_instances_of(v.id)
            ELSE '[]'::jsonb
        END AS instances
   FROM ((((host_routes r
     JOIN deployments d ON ((d.id = r.resource_id)))
     JOIN tenants t ON ((t.id = d.tenant_id)))
     LEFT JOIN deployment_versions v ON ((v.id = d.active_version_id)))
     LEFT JOIN deployment_releases l ON ((l.id = v.release_id)))
  WHERE (r.resource_type = 'deployment'::text);

create view edge_sandboxes as
 SELECT id,
    slug,
    tenant_id,
    state,
    transition,
    ended_reason,
    preview_port,
    endpoint,
    ( SELECT COALESCE(jsonb_agg(jsonb_build_object('port', p.port, 'visibility', p.visibility, 'hostHeader', p.host_header)), '[]'::jsonb) AS "coalesce"
           FROM previews p
          WHERE ((p.sandbox_id = s.id) AND (p.deleted_at IS NULL))) AS previews,
    ( SELECT t.embed_origins
           FROM tenants t
          WHERE (t.id = s.tenant_id)) AS embed_origins
   FROM sandboxes s
  WHERE (purpose IS NULL);

create view edge_shares as
 SELECT token_hash,
    id,
    sandbox_id,
    port,
    expires_at,
    revoked_at,
    api_key_id
   FROM shares h;

create view edge_versions as
 SELECT r.space,
    r.name,
    "right"(v.id, 10) AS suffix,
    d.id AS deployment_id,
    d.tenant_id,
        CASE
            WHEN ((r.retired_at IS NOT NULL) OR (d.deleted_at IS NOT NULL) OR (l.collected_at IS NOT NULL)) THEN 'deleted'::text
            WHEN (t.suspended_at IS NOT NULL) THEN 'stopped'::text
            ELSE 'running'::text
        END AS state,
    d.spa,
    v.id AS version_id,
    v.kind,
    l.sha256 AS manifest_sha256,
        CASE
            WHEN (v.kind = 'dynamic'::text) THEN deployment_instances_of(v.id)
            ELSE '[]'::jsonb
        END AS instances
   FROM ((((host_routes r
     JOIN deployments d ON ((d.id = r.resource_id)))
     JOIN tenants t ON ((t.id = d.tenant_id)))
     JOIN deployment_versions v ON (((v.deployment_id = d.id) AND (v.state = ANY (ARRAY['ready'::text, 'archived'::text])))))
     JOIN deployment_releases l ON ((l.id = v.release_id)))
  WHERE (r.resource_type = 'deployment'::text);

CREATE OR REPLACE FUNCTION public.audit_purge(tenant uuid, until_position bigint)
 RETURNS TABLE(base_position bigint, base_hash text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  last audit_seals%rowtype;
begin
  select * into last from audit_seals s where s.tenant_id = tenant and s.position = until_position;
  if not found then
    raise exception 'no such position';
  end if;
  delete from audit_entries e using audit_seals s where s.tenant_id = tenant and s.position <= until_position and e.seq = s.entry_seq;
  delete from audit_seals s where s.tenant_id = tenant and s.position <= until_position;
  return query update audit_chains c set base_position = last.position, base_hash = last.hash where c.tenant_id = tenant
    returning c.base_position, c.base_hash;
end $function$;

CREATE OR REPLACE FUNCTION public.base32(value bigint, length integer)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', ((value >> (5 * (length - i))) & 31)::int + 1, 1), '' order by i)
    from generate_series(1, length) i
$function$;

CREATE OR REPLACE FUNCTION public.deployment_instances_of(version text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
           'id', i.id, 'state', i.state, 'port', i.port, 'machineId', s.id, 'slug', s.slug, 'endpoint', s.endpoint,
           'machineState', s.state, 'transition', s.transition) order by i.id), '[]')
    from deployment_instances i join sandboxes s on s.id = i.machine_id
   where i.version_id = version and i.state in ('healthy', 'unhealthy')
$function$;

CREATE OR REPLACE FUNCTION public.event_id(ms bigint, n bigint)
 RETURNS text
 LANGUAGE sql
AS $function$
  select 'evt_' || base32(ms, 10) || base32(n, 4) || base32((random() * 1152921504606846975)::bigint, 12)
$function$;

CREATE OR REPLACE FUNCTION public.keep_release_snapshot()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update snapshots set keep = true, retention_seconds = null, expires_at = null where id = new.snapshot_id and state = 'ready';
  if not found then
    raise exception 'snapshot % of release % is not ready', new.snapshot_id, new.id;
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.note_unsealed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into audit_unsealed select seq, id, tenant_id from inserted;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.notify_deployment()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  case tg_table_name
    when 'deployments' then perform pg_notify('miosa_deployments', new.id);
    when 'host_routes' then perform pg_notify('miosa_deployments', new.resource_id);
    when 'deployment_instances' then perform pg_notify('miosa_deployments', new.deployment_id);
    when 'deployment_releases' then perform pg_notify('miosa_deployments', new.deployment_id);
    when 'sandboxes' then
      perform pg_notify('miosa_deployments', i.deployment_id) from deployment_instances i where i.machine_id = new.id;
  end case;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.notify_event_inbox()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('miosa_event_inbox', '');
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.notify_key_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('miosa_keys', new.id::text);
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.notify_plan_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('miosa_keys', '*');
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.notify_sandbox_route()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_table_name = 'sandboxes' then
    perform pg_notify('miosa_routes', new.id);
  else
    perform pg_notify('miosa_routes', new.sandbox_id);
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.notify_suspended_deployments()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('miosa_deployments', d.id) from deployments d where d.tenant_id = new.id and d.deleted_at is null;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.notify_tenant_routes()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('miosa_routes', new.id::text);
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.order_events(most integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  o event_order%rowtype;
  at_ms bigint;
  at_n bigint;
  moved int;
  newest text;
begin
  perform from event_inbox limit 1;
  if not found then
    return 0;
  end if;
  select * into o from event_order for update;
  at_ms := floor(extract(epoch from clock_timestamp()) * 1000);
  if at_ms > o.ms then
    at_n := 0;
  else
    at_ms := o.ms;
    at_n := o.n;
    if at_n + most >= 1048576 then
      at_ms := at_ms + 1;
      at_n := 0;
    end if;
  end if;
  with taken as (
    delete from event_inbox where seq in (select i.seq from event_inbox i order by i.seq limit most) returning *
  ), made as (
    insert into events
    select event_id(at_ms, at_n + row_number() over (order by seq) - 1), tenant_id, type, workspace_id, project_id, owner_user_id,
           external_workspace_id, external_user_id, external_project_id, actor, resource_type, resource_id, narrow, data, created_at
      from taken order by seq
    returning id, tenant_id, resource_id
  ), told as (
    select pg_notify('miosa_events', t.tenant_id || ' ' || t.resource_id) from (select distinct tenant_id, resource_id from made) t
  )
  select (select count(*) from made), (select max(id) from made), (select count(*) from told) into moved, newest;
  if moved > 0 then
    update event_order set ms = at_ms, n = at_n + moved, last_id = newest;
  end if;
  return moved;
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_audit_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'audit entries are append-only';
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_early_audit_removal()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.created_at > now() - interval '30 days' then
    raise exception 'audit entries are append-only';
  end if;
  return old;
end $function$;

CREATE TRIGGER api_keys_changed AFTER UPDATE OF revoked_at, expires_at, scopes, allowed_ips ON public.api_keys FOR EACH ROW EXECUTE FUNCTION notify_key_change();

CREATE TRIGGER api_keys_limit_changed AFTER UPDATE OF rate_limit_rpm ON public.api_keys FOR EACH ROW WHEN ((old.rate_limit_rpm IS DISTINCT FROM new.rate_limit_rpm)) EXECUTE FUNCTION notify_key_change();

CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON public.audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER audit_kept BEFORE DELETE ON public.audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_early_audit_removal();

CREATE TRIGGER audit_noted AFTER INSERT ON public.audit_entries REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION note_unsealed();

CREATE TRIGGER audit_seals_fixed BEFORE UPDATE OR TRUNCATE ON public.audit_seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER deployment_instances_routed AFTER INSERT OR UPDATE OF state ON public.deployment_instances FOR EACH ROW EXECUTE FUNCTION notify_deployment();

CREATE TRIGGER deployment_releases_keep BEFORE INSERT ON public.deployment_releases FOR EACH ROW WHEN ((new.snapshot_id IS NOT NULL)) EXECUTE FUNCTION keep_release_snapshot();

CREATE TRIGGER deployment_releases_routed AFTER UPDATE OF collected_at ON public.deployment_releases FOR EACH ROW EXECUTE FUNCTION notify_deployment();

CREATE TRIGGER deployments_routed AFTER INSERT OR UPDATE OF state, active_version_id, spa, slug, deleted_at ON public.deployments FOR EACH ROW EXECUTE FUNCTION notify_deployment();

CREATE TRIGGER event_inbox_filled AFTER INSERT ON public.event_inbox FOR EACH STATEMENT EXECUTE FUNCTION notify_event_inbox();

CREATE TRIGGER host_routes_routed AFTER INSERT OR UPDATE ON public.host_routes FOR EACH ROW WHEN ((new.resource_type = 'deployment'::text)) EXECUTE FUNCTION notify_deployment();

CREATE TRIGGER machines_routed AFTER UPDATE OF state, transition, endpoint ON public.sandboxes FOR EACH ROW WHEN ((new.purpose = 'instance'::text)) EXECUTE FUNCTION notify_deployment();

CREATE TRIGGER previews_routed AFTER INSERT OR UPDATE ON public.previews FOR EACH ROW EXECUTE FUNCTION notify_sandbox_route();

CREATE TRIGGER sandboxes_routed AFTER INSERT OR UPDATE OF state, transition, endpoint, preview_port ON public.sandboxes FOR EACH ROW EXECUTE FUNCTION notify_sandbox_route();

CREATE TRIGGER shares_routed AFTER INSERT OR UPDATE OF revoked_at, expires_at ON public.shares FOR EACH ROW EXECUTE FUNCTION notify_sandbox_route();

CREATE TRIGGER tenants_plan_changed AFTER UPDATE OF plan ON public.tenants FOR EACH ROW WHEN ((old.plan IS DISTINCT FROM new.plan)) EXECUTE FUNCTION notify_plan_change();

CREATE TRIGGER tenants_routed AFTER UPDATE OF embed_origins ON public.tenants FOR EACH ROW WHEN ((old.embed_origins IS DISTINCT FROM new.embed_origins)) EXECUTE FUNCTION notify_tenant_routes();

CREATE TRIGGER tenants_suspended_deployments AFTER UPDATE OF suspended_at ON public.tenants FOR EACH ROW WHEN ((old.suspended_at IS DISTINCT FROM new.suspended_at)) EXECUTE FUNCTION notify_suspended_deployments();

CREATE TRIGGER tenants_suspension_changed AFTER UPDATE OF suspended_at, deleted_at ON public.tenants FOR EACH ROW WHEN (((old.suspended_at IS DISTINCT FROM new.suspended_at) OR (old.deleted_at IS DISTINCT FROM new.deleted_at))) EXECUTE FUNCTION notify_plan_change();
