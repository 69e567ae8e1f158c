-- Organizations ("tenants" on the wire), users, workspaces, projects. Contract 2.1, 2.2, 4.1.
create table users (
  id uuid primary key,
  email text not null,
  name text,
  password_hash text not null,
  is_operator boolean not null default false,
  created_at timestamptz not null default now()
);
create unique index users_email on users (lower(email));

create table tenants (
  id uuid primary key,
  name text,
  slug text not null unique, -- never reused: rows are kept after deletion as tombstones
  plan text not null default 'starter',
  owner_user_id uuid references users (id),
  setup_done boolean not null default false,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table members (
  tenant_id uuid not null references tenants (id),
  user_id uuid not null references users (id),
  role text not null check (role in ('viewer', 'member', 'admin', 'owner')),
  joined_at timestamptz not null default now(),
  primary key (tenant_id, user_id)
);

create table workspaces (
  id uuid primary key,
  tenant_id uuid not null references tenants (id),
  name text not null,
  slug text not null,
  description text,
  external_workspace_id text,
  is_default boolean not null default false,
  metadata jsonb not null default '{}',
  settings jsonb not null default '{}',
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- Links and slugs are unique among the living: a deleted workspace no longer matches (contract 3.2).
create unique index workspaces_slug on workspaces (tenant_id, slug) where deleted_at is null;
create unique index workspaces_external on workspaces (tenant_id, external_workspace_id) where deleted_at is null;
create unique index workspaces_default on workspaces (tenant_id) where is_default and deleted_at is null;
create index workspaces_page on workspaces (tenant_id, created_at desc, id desc) where deleted_at is null;

create table projects (
  id uuid primary key,
  tenant_id uuid not null references tenants (id),
  workspace_id uuid not null references workspaces (id),
  name text not null,
  slug text not null,
  description text,
  external_project_id text,
  is_default boolean not null default false,
  metadata jsonb not null default '{}',
  settings jsonb not null default '{}',
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index projects_slug on projects (workspace_id, slug) where deleted_at is null;
create unique index projects_external on projects (workspace_id, external_project_id) where deleted_at is null;
create index projects_external_any on projects (tenant_id, external_project_id) where deleted_at is null;
create unique index projects_default on projects (workspace_id) where is_default and deleted_at is null;
create index projects_page on projects (tenant_id, created_at desc, id desc) where deleted_at is null;
