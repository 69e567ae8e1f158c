-- What resources may reach: of one sandbox, and of all of an organization. Contract 4.2, 4.22.
create table network_policies (
  resource_id text primary key,
  tenant_id uuid not null references tenants (id),
  policy jsonb not null,
  updated_at timestamptz not null default now()
);

alter table tenants add column network_policy jsonb;
