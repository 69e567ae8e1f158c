-- Who belongs where, and how people come in: workspace members, invites, forgotten passwords, device logins. Contract 2.2, 2.3.
-- Only hashes of tokens and codes are stored.
create table workspace_members (
  workspace_id uuid not null references workspaces (id),
  user_id uuid not null references users (id),
  tenant_id uuid not null references tenants (id),
  role text not null check (role in ('viewer', 'member', 'admin', 'owner')),
  joined_at timestamptz not null default now(),
  primary key (workspace_id, user_id),
  -- Nobody belongs to a workspace without belonging to its organization.
  foreign key (tenant_id, user_id) references members (tenant_id, user_id) on delete cascade
);
create index workspace_members_user on workspace_members (tenant_id, user_id);

create table invites (
  id text primary key,
  tenant_id uuid not null references tenants (id),
  workspace_id uuid references workspaces (id), -- null: to the organization
  email text not null,
  role text not null check (role in ('viewer', 'member', 'admin', 'owner')),
  token_hash bytea not null unique,
  invited_by uuid not null references users (id),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid references users (id),
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);
create index invites_page on invites (tenant_id, created_at desc, id desc);
-- One open invite for an address and place: a new one takes the place of the old.
create unique index invites_open on invites (tenant_id, coalesce(workspace_id, tenant_id), lower(email))
  where accepted_at is null and revoked_at is null;

create table password_resets (
  token_hash bytea primary key,
  user_id uuid not null references users (id),
  expires_at timestamptz not null,
  used_at timestamptz,
  created_at timestamptz not null default now()
);
create index password_resets_user on password_resets (user_id, created_at);

create table device_logins (
  id uuid primary key,
  device_hash bytea not null unique,
  user_hash bytea not null,
  client_name text,
  expires_at timestamptz not null,
  approved_by uuid references users (id),
  tenant_id uuid references tenants (id),
  delivered_at timestamptz,
  created_at timestamptz not null default now()
);
create unique index device_logins_open on device_logins (user_hash) where delivered_at is null;
create index device_logins_expired on device_logins (expires_at);

create index members_user on members (user_id);

-- What is left in a deleted organization is found and ended.
create index tenants_deleted on tenants (id) where deleted_at is not null;
