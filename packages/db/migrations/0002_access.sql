-- Credentials. Only hashes are stored. Contract 2.3, 2.4.
create table sessions ( -- one row a refresh family; `token_hash` is the current refresh token
  id uuid primary key,
  user_id uuid not null references users (id),
  tenant_id uuid not null references tenants (id),
  token_hash bytea not null unique,
  previous_hash bytea,
  expires_at timestamptz not null,
  ended_at timestamptz,
  created_at timestamptz not null default now()
);
create index sessions_previous on sessions (previous_hash);

create table api_keys (
  id uuid primary key,
  tenant_id uuid not null references tenants (id),
  user_id uuid references users (id),
  workspace_id uuid references workspaces (id),
  name text not null,
  key_type text not null check (key_type in ('user', 'admin', 'platform', 'live', 'test')),
  key_purpose text not null default 'api' check (key_purpose in ('api', 'optimal')),
  key_hash bytea not null unique, -- SHA-256 of the whole key: 190 random bits need no slow hash
  key_prefix text not null,
  scopes text[] not null,
  allowed_ips text[] not null default '{}',
  rate_limit_rpm int not null,
  created_by text not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  rotated_to uuid references api_keys (id),
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);
create index api_keys_page on api_keys (tenant_id, created_at desc, id desc);

-- Every process that caches credentials listens here; payload = key id.
create function notify_key_change() returns trigger language plpgsql as $$
begin
  perform pg_notify('miosa_keys', new.id::text);
  return new;
end $$;
create trigger api_keys_changed after update of revoked_at, expires_at, scopes, allowed_ips on api_keys
  for each row execute function notify_key_change();
