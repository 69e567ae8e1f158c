-- One entry per authenticated action, written in the transaction of the action. Append-only. Contract 2.8.
create table audit_entries (
  seq bigint generated always as identity primary key,
  id text not null unique,
  tenant_id uuid not null references tenants (id),
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
  outcome text not null check (outcome in ('success', 'denied', 'failure')),
  error_code text,
  ip_address text,
  user_agent text,
  request_id text not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index audit_page on audit_entries (tenant_id, seq desc);
create index audit_key on audit_entries (tenant_id, api_key_id, seq desc);
create index audit_workspace on audit_entries (tenant_id, workspace_id, seq desc);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit entries are append-only';
end $$;
create trigger audit_append_only before update or delete or truncate on audit_entries
  for each statement execute function refuse_audit_change();
