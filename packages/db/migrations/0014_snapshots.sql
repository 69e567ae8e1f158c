-- Snapshots of sandboxes, forks and restores. Contract 4.2.
create table snapshots (
  id text primary key,
  tenant_id uuid not null references tenants (id),
  workspace_id uuid not null references workspaces (id),
  project_id uuid not null references projects (id),
  owner_user_id uuid references users (id),
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  sandbox_id text not null references sandboxes (id), -- also after it is destroyed: its row stays
  name text not null,
  state text not null check (state in ('creating', 'ready', 'failed', 'deleted')),
  state_reason text,
  deadline timestamptz, -- of `creating`; the reconciler ends it afterwards
  hidden boolean not null default false, -- taken for one fork and gone after it
  comment text,
  keep boolean not null,
  retention_seconds int,
  expires_at timestamptz,
  size_bytes bigint not null default 0,
  last_used_at timestamptz,
  deleted_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index snapshots_sandbox on snapshots (sandbox_id, created_at desc, id desc);
create index snapshots_project on snapshots (project_id) where state <> 'deleted';
create index snapshots_overdue on snapshots (deadline) where state = 'creating';
create index snapshots_expired on snapshots (expires_at) where state in ('ready', 'failed');

alter table sandboxes add column snapshot_id text references snapshots (id);
alter table sandboxes add column parent_sandbox_id text references sandboxes (id);
-- What the transition `restoring` brings back.
alter table sandboxes add column restoring_from text references snapshots (id);
create index sandboxes_of_snapshot on sandboxes (snapshot_id) where snapshot_id is not null;
create index sandboxes_restoring on sandboxes (restoring_from) where restoring_from is not null;
alter table sandboxes drop constraint sandboxes_transition_check;
alter table sandboxes add constraint sandboxes_transition_check
  check (transition in ('pausing', 'resuming', 'destroying', 'snapshotting', 'restoring'));
