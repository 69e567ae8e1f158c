-- What a suspended organization published is shown to nobody; the data is kept. Contract 4.23.
create or replace view edge_deployments as
  select r.space, r.name, d.id as deployment_id, d.tenant_id,
         case when r.retired_at is not null or d.deleted_at is not null then 'deleted'
              when t.suspended_at is not null then 'stopped' else d.state end as state,
         d.spa, v.id as version_id, v.kind, l.sha256 as manifest_sha256,
         case when v.kind = 'dynamic' then deployment_instances_of(v.id) else '[]'::jsonb end as instances
    from host_routes r
    join deployments d on d.id = r.resource_id
    join tenants t on t.id = d.tenant_id
    left join deployment_versions v on v.id = d.active_version_id
    left join deployment_releases l on l.id = v.release_id
   where r.resource_type = 'deployment';

create or replace view edge_versions as
  select r.space, r.name, right(v.id, 10) as suffix, d.id as deployment_id, d.tenant_id,
         case when r.retired_at is not null or d.deleted_at is not null or l.collected_at is not null then 'deleted'
              when t.suspended_at is not null then 'stopped' else 'running' end as state,
         d.spa, v.id as version_id, v.kind, l.sha256 as manifest_sha256,
         case when v.kind = 'dynamic' then deployment_instances_of(v.id) else '[]'::jsonb end as instances
    from host_routes r
    join deployments d on d.id = r.resource_id
    join tenants t on t.id = d.tenant_id
    join deployment_versions v on v.deployment_id = d.id and v.state in ('ready', 'archived')
    join deployment_releases l on l.id = v.release_id
   where r.resource_type = 'deployment';

create function notify_suspended_deployments() returns trigger language plpgsql as $$
begin
  perform pg_notify('miosa_deployments', d.id) from deployments d where d.tenant_id = new.id and d.deleted_at is null;
  return new;
end $$;
create trigger tenants_suspended_deployments after update of suspended_at on tenants
  for each row when (old.suspended_at is distinct from new.suspended_at) execute function notify_suspended_deployments();
