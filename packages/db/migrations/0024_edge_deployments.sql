-- The edge reads deployments with a role of its own, which has no rights on tables. A function in a view works with the rights of who asks.
alter function deployment_instances_of(text) security definer set search_path = public, pg_temp;

-- Machines of deployments have no previews.
create or replace view edge_sandboxes as
  select s.id, s.slug, s.tenant_id, s.state, s.transition, s.ended_reason, s.preview_port, s.endpoint,
         (select coalesce(jsonb_agg(jsonb_build_object('port', p.port, 'visibility', p.visibility, 'hostHeader', p.host_header)), '[]')
            from previews p where p.sandbox_id = s.id and p.deleted_at is null) as previews,
         (select t.embed_origins from tenants t where t.id = s.tenant_id) as embed_origins
    from sandboxes s
   where s.purpose is null;

do $$
begin
  if exists (select from pg_roles where rolname = 'miosa_edge') then
    grant select on edge_deployments, edge_versions to miosa_edge;
  end if;
end $$;
