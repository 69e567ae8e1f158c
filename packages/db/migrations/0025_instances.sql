-- Instances: what their reconciler has to know after any crash, and what is left to read of those that ended.
alter table deployments add column restarted_at timestamptz; -- instances from before are to be replaced
alter table deployment_instances add column staged boolean not null default false; -- started for a visit of its version's own address
-- Of an instance whose version is not live: a rollout is under way, or the staged address was visited. After it, it goes.
alter table deployment_instances add column needed_until timestamptz;
alter table deployment_instances add column checked_at timestamptz;
alter table deployment_instances add column misses int not null default 0;
-- Crash loop: how many restarts there had been when its window began, and when that was.
alter table deployment_instances add column window_restarts int not null default 0;
alter table deployment_instances add column window_at timestamptz;
alter table deployment_instances add column last_lines jsonb; -- [[stream, line]…] of an ended one, bounded
create index deployment_instances_failed on deployment_instances (version_id, stopped_at) where state = 'failed';

-- What edges have counted, by minute. `latencies`: requests by the time to their first byte, one count for each bound of the control plane.
create table deployment_traffic (
  deployment_id text not null references deployments (id),
  minute timestamptz not null,
  requests bigint not null,
  errors bigint not null,
  egress_bytes bigint not null,
  latencies bigint[] not null,
  primary key (deployment_id, minute)
);
create index deployment_traffic_old on deployment_traffic (minute);
