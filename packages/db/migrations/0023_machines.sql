-- Machines of deployments have no previews: their host names lead nowhere.
create or replace view edge_sandboxes as
  select s.id, s.slug, s.tenant_id, s.state, s.transition, s.ended_reason, s.preview_port, s.endpoint,
         (select coalesce(jsonb_agg(jsonb_build_object('port', p.port, 'visibility', p.visibility, 'hostHeader', p.host_header)), '[]')
            from previews p where p.sandbox_id = s.id and p.deleted_at is null) as previews,
         (select t.embed_origins from tenants t where t.id = s.tenant_id) as embed_origins
    from sandboxes s where s.purpose is null;

-- A snapshot taken for a release has an end of its own until the release is there.
create function keep_release_snapshot() returns trigger language plpgsql as $$
begin
  update snapshots set keep = true, retention_seconds = null, expires_at = null where id = new.snapshot_id and state = 'ready';
  if not found then
    raise exception 'snapshot % of release % is not ready', new.snapshot_id, new.id;
  end if;
  return new;
end $$;
create trigger deployment_releases_keep before insert on deployment_releases
  for each row when (new.snapshot_id is not null) execute function keep_release_snapshot();
