-- Templates that an organization makes, and their builds. Contract 4.2.
create table templates (
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
  description text,
  build_spec jsonb not null, -- of the next build
  ready_spec jsonb, -- of the build that `snapshot_id` is of
  snapshot_id text references snapshots (id), -- its files; hidden, and gone with the template
  state text not null check (state in ('queued', 'building', 'ready', 'failed')),
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz
);
create unique index templates_slug on templates (tenant_id, slug) where deleted_at is null;
create index templates_list on templates (tenant_id, created_at desc, id desc) where deleted_at is null;
create index templates_project on templates (project_id) where deleted_at is null;

create table template_builds (
  id text primary key,
  template_id text not null references templates (id),
  tenant_id uuid not null,
  build_spec jsonb not null,
  state text not null check (state in ('queued', 'building', 'ready', 'failed')),
  error text,
  actor jsonb not null, -- whose rights it is built with
  triggered_by text not null,
  request_id text not null,
  sandbox_id text references sandboxes (id), -- in which it is built
  lease_until timestamptz, -- of `building`; the process that builds renews it
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz
);
create index template_builds_list on template_builds (template_id, created_at desc, id desc);
create unique index template_builds_one on template_builds (template_id) where state in ('queued', 'building');
create index template_builds_due on template_builds (created_at) where state in ('queued', 'building');

create table template_build_lines (
  build_id text not null references template_builds (id) on delete cascade,
  seq int not null,
  ts timestamptz not null,
  stream text not null check (stream in ('stdout', 'stderr', 'system')),
  line text not null,
  primary key (build_id, seq)
);
