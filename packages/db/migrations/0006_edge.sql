-- The edge's whole, read-only view of the world (ARCHITECTURE invariant 1), and the signals that keep its memory fresh.
create view edge_sandboxes as
  select s.id, s.slug, s.tenant_id, s.state, s.transition, s.ended_reason, s.preview_port, s.endpoint,
         (select coalesce(jsonb_agg(jsonb_build_object('port', p.port, 'visibility', p.visibility, 'hostHeader', p.host_header)), '[]')
            from previews p where p.sandbox_id = s.id and p.deleted_at is null) as previews
    from sandboxes s;

create view edge_shares as
  select h.token_hash, h.id, h.sandbox_id, h.port, h.expires_at, h.revoked_at, h.api_key_id from shares h;

-- Keys whose tokens must no longer open anything. Expired keys are judged by their date.
create view edge_dead_keys as select k.id, k.revoked_at, k.expires_at from api_keys k where k.revoked_at is not null or k.expires_at is not null;

-- Payload = sandbox id. Sent at commit, so a reader that reloads sees the change.
create function notify_sandbox_route() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'sandboxes' then
    perform pg_notify('miosa_routes', new.id);
  else
    perform pg_notify('miosa_routes', new.sandbox_id);
  end if;
  return new;
end $$;
create trigger sandboxes_routed after insert or update of state, transition, endpoint, preview_port on sandboxes
  for each row execute function notify_sandbox_route();
create trigger previews_routed after insert or update on previews for each row execute function notify_sandbox_route();
create trigger shares_routed after insert or update of revoked_at, expires_at on shares for each row execute function notify_sandbox_route();
