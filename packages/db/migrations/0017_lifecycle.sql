-- Sandboxes change their size and leave memory while they exist; what they used is kept. Contract 4.2.
alter table sandboxes drop constraint sandboxes_transition_check;
alter table sandboxes add constraint sandboxes_transition_check
  check (transition in ('pausing', 'resuming', 'destroying', 'snapshotting', 'restoring', 'resizing', 'hibernating'));

-- Of create with `get_or_create`.
create index sandboxes_name on sandboxes (project_id, name) where state <> 'destroyed';

-- As last measured by the host: of the whole life, so never less than before. Outlives the sandbox.
create table sandbox_counters (
  sandbox_id text primary key references sandboxes (id),
  active_cpu_usec bigint not null,
  network_ingress_bytes bigint not null,
  network_egress_bytes bigint not null,
  storage_bytes bigint not null,
  measured_at timestamptz not null
);
