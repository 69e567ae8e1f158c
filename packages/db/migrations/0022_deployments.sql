-- Deployments: what is published, of what it was made, where it runs and under which host names. Contract 4.3 to 4.5.

-- Machines of deployments are sandboxes that no sandbox operation shows.
alter table sandboxes add column purpose text check (purpose in ('build', 'instance'));

create table deployments (
  id text primary key,
  tenant_id uuid not null references tenants (id),
  workspace_id uuid not null references workspaces (id),
  project_id uuid not null references projects (id),
  owner_user_id uuid references users (id),
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  name text not null,
  slug text not null,
  metadata jsonb not null default '{}',
  -- What visitors get.
  state text not null check (state in ('pending', 'building', 'running', 'stopped', 'failed')),
  state_reason text,
  source_type text not null check (source_type in ('sandbox', 'upload', 'repo')),
  repo_url text,
  branch text,
  auto_deploy boolean not null,
  sealed_webhook_secret bytea,
  build_command text,
  run_command text,
  port int,
  health_check_path text,
  replicas int not null,
  size text not null,
  spa text not null check (spa in ('auto', 'on', 'off')),
  env_revision int not null default 0,
  next_version_number int not null default 1,
  active_version_id text, -- the pointer: what it names is live
  active_env_revision int not null default 0, -- with which the active version runs
  previous_version_id text,
  deployed_at timestamptz,
  test boolean not null default false,
  created_by text not null,
  deleted_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index deployments_slug on deployments (tenant_id, slug) where deleted_at is null;
create index deployments_page on deployments (tenant_id, created_at desc, id desc) where deleted_at is null;
create index deployments_project on deployments (project_id) where deleted_at is null;
create index deployments_external on deployments (tenant_id, external_workspace_id, created_at desc) where deleted_at is null;

create table deployment_releases (
  id text primary key,
  deployment_id text not null references deployments (id),
  version_id text not null,
  kind text not null check (kind in ('static', 'oci', 'rootfs')),
  sha256 text not null, -- static: of the manifest in the blob store; rootfs: of the manifest of its /workspace
  size_bytes bigint not null,
  snapshot_id text references snapshots (id), -- rootfs: its files; hidden, and gone with the release
  collected_at timestamptz,
  created_at timestamptz not null
);
create index deployment_releases_page on deployment_releases (deployment_id, created_at desc, id desc);
create index deployment_releases_kept on deployment_releases (created_at) where collected_at is null;

create table deployment_versions (
  id text primary key,
  deployment_id text not null references deployments (id),
  tenant_id uuid not null,
  version_number int not null,
  kind text check (kind in ('static', 'dynamic')), -- known once it is decided
  state text not null check (state in ('created', 'building', 'ready', 'failed', 'archived')),
  state_reason text,
  source_type text not null check (source_type in ('sandbox', 'snapshot', 'upload', 'repo')),
  source jsonb not null, -- what `redeploy` builds again
  source_sandbox_id text,
  source_sha256 text,
  request jsonb not null, -- output_path, build_command and so on, as asked
  metadata jsonb not null default '{}',
  artifact_sha256 text,
  files int,
  total_bytes bigint,
  entrypoint text,
  run_command text,
  port int,
  health_check_path text,
  env_revision int not null,
  release_id text references deployment_releases (id),
  build_id text,
  created_by text not null,
  promoted_at timestamptz,
  archived_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index deployment_versions_number on deployment_versions (deployment_id, version_number desc);
-- Of staged host names.
create index deployment_versions_suffix on deployment_versions (deployment_id, right(id, 10));

create table deployment_builds (
  id text primary key,
  deployment_id text not null references deployments (id),
  version_id text not null references deployment_versions (id),
  tenant_id uuid not null,
  state text not null check (state in ('queued', 'building', 'ready', 'failed', 'cancelled')),
  triggered_by text not null,
  commit_sha text,
  commit_message text,
  error text,
  error_code text, -- told to who waits for the publish
  promote boolean not null,
  actor jsonb not null, -- whose rights it is carried out with
  request_id text not null,
  machine_id text references sandboxes (id), -- in which it is built
  lease_until timestamptz, -- of `building`; the process that builds renews it
  cancel_requested_at timestamptz,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz
);
create index deployment_builds_page on deployment_builds (deployment_id, created_at desc, id desc);
create index deployment_builds_due on deployment_builds (created_at) where state in ('queued', 'building');
-- They run in turn.
create unique index deployment_builds_one on deployment_builds (deployment_id) where state = 'building';

create table deployment_build_lines (
  build_id text not null references deployment_builds (id) on delete cascade,
  seq int not null,
  ts timestamptz not null,
  stream text not null check (stream in ('stdout', 'stderr', 'system')),
  step text not null,
  line text not null,
  primary key (build_id, seq)
);

create table deployment_instances (
  id text primary key,
  deployment_id text not null references deployments (id),
  version_id text not null references deployment_versions (id),
  release_id text not null references deployment_releases (id),
  tenant_id uuid not null,
  machine_id text references sandboxes (id),
  env_revision int not null,
  state text not null check (state in ('pending', 'starting', 'healthy', 'unhealthy', 'stopping', 'stopped', 'failed')),
  state_reason text,
  port int not null,
  restarts int not null default 0,
  drain_until timestamptz, -- of `stopping`: requests under way may take that long
  deadline timestamptz, -- of `pending` and `starting`
  created_at timestamptz not null,
  started_at timestamptz,
  stopped_at timestamptz,
  updated_at timestamptz not null
);
create index deployment_instances_page on deployment_instances (deployment_id, created_at desc, id desc);
create index deployment_instances_live on deployment_instances (version_id) where state not in ('stopped', 'failed');
create index deployment_instances_machine on deployment_instances (machine_id);

-- Every revision stays: a version runs with the one it was made with.
create table deployment_env (
  deployment_id text not null references deployments (id),
  revision int not null,
  sealed_vars bytea not null, -- AES-256-GCM over the JSON of all of them
  sha256 text not null, -- HMAC of the same JSON: equal for equal revisions, tells nothing about values
  created_at timestamptz not null,
  primary key (deployment_id, revision)
);

-- Which contents an organization has in the blob store; never looked up across organizations, so that nobody learns what others hold.
create table tenant_blobs (
  tenant_id uuid not null references tenants (id),
  sha256 text not null,
  size_bytes bigint not null,
  encodings jsonb not null default '{}', -- {br|gzip|zstd: {sha256, size}}; {} = looked at, none is worth it; these are rows of their own
  last_used_at timestamptz not null, -- younger than a day: not collected
  primary key (tenant_id, sha256)
);

create table deployment_uploads (
  id text primary key,
  deployment_id text not null references deployments (id),
  tenant_id uuid not null,
  files jsonb not null, -- [{path, sha256, size_bytes, mode}]
  expires_at timestamptz not null,
  created_at timestamptz not null
);

-- The one routing table: which resource a host name leads to. `managed` names stand below the platform's domain for apps, `exact` ones are whole
-- host names, `base` ones hold for everything below them. A retired name is a tombstone.
create table host_routes (
  space text not null check (space in ('managed', 'exact', 'base')),
  name text not null,
  tenant_id uuid not null references tenants (id),
  resource_type text not null,
  resource_id text not null,
  retired_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (space, name)
);
create index host_routes_resource on host_routes (resource_type, resource_id);

create function deployment_instances_of(version text) returns jsonb language sql stable as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'id', i.id, 'state', i.state, 'port', i.port, 'machineId', s.id, 'slug', s.slug, 'endpoint', s.endpoint,
           'machineState', s.state, 'transition', s.transition) order by i.id), '[]')
    from deployment_instances i join sandboxes s on s.id = i.machine_id
   where i.version_id = version and i.state in ('healthy', 'unhealthy')
$$;

-- What the edge knows of a host name of a deployment.
create view edge_deployments as
  select r.space, r.name, d.id as deployment_id, d.tenant_id,
         case when r.retired_at is not null or d.deleted_at is not null then 'deleted' else d.state end as state,
         d.spa, v.id as version_id, v.kind, l.sha256 as manifest_sha256,
         case when v.kind = 'dynamic' then deployment_instances_of(v.id) else '[]'::jsonb end as instances
    from host_routes r
    join deployments d on d.id = r.resource_id
    left join deployment_versions v on v.id = d.active_version_id
    left join deployment_releases l on l.id = v.release_id
   where r.resource_type = 'deployment';

-- The same of one version, whether or not it is live: staged host names.
create view edge_versions as
  select r.space, r.name, right(v.id, 10) as suffix, d.id as deployment_id, d.tenant_id,
         case when r.retired_at is not null or d.deleted_at is not null or l.collected_at is not null then 'deleted' else 'running' end as state,
         d.spa, v.id as version_id, v.kind, l.sha256 as manifest_sha256,
         case when v.kind = 'dynamic' then deployment_instances_of(v.id) else '[]'::jsonb end as instances
    from host_routes r
    join deployments d on d.id = r.resource_id
    join deployment_versions v on v.deployment_id = d.id and v.state in ('ready', 'archived')
    join deployment_releases l on l.id = v.release_id
   where r.resource_type = 'deployment';

-- Payload = deployment id. Sent at commit, so a reader that reloads sees the change.
create function notify_deployment() returns trigger language plpgsql as $$
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
end $$;
create trigger deployments_routed after insert or update of state, active_version_id, spa, slug, deleted_at on deployments
  for each row execute function notify_deployment();
create trigger host_routes_routed after insert or update on host_routes
  for each row when (new.resource_type = 'deployment') execute function notify_deployment();
create trigger deployment_instances_routed after insert or update of state on deployment_instances
  for each row execute function notify_deployment();
create trigger deployment_releases_routed after update of collected_at on deployment_releases
  for each row execute function notify_deployment();
create trigger machines_routed after update of state, transition, endpoint on sandboxes
  for each row when (new.purpose = 'instance') execute function notify_deployment();
