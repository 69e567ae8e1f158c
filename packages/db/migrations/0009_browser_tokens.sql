-- Browser tokens are signed and not stored; tickets for event streams are (contract 1.9, 2.5). Only hashes.
create table sse_tickets (
  ticket_hash bytea primary key,
  tenant_id uuid not null references tenants (id),
  reference jsonb not null, -- the credential that minted it, without its secret; judged again at use
  stream text, -- path below the base path; null = any stream the caller may read
  expires_at timestamptz not null,
  used_at timestamptz,
  created_at timestamptz not null default now()
);
create index sse_tickets_expired on sse_tickets (expires_at);

-- Contract 4.22: whose pages may read answers (1.11), and whose may frame previews (4.4). Empty = any.
alter table tenants add column allowed_origins text[] not null default '{}';
alter table tenants add column embed_origins text[] not null default '{}';

create or replace view edge_sandboxes as
  select s.id, s.slug, s.tenant_id, s.state, s.transition, s.ended_reason, s.preview_port, s.endpoint,
         (select coalesce(jsonb_agg(jsonb_build_object('port', p.port, 'visibility', p.visibility, 'hostHeader', p.host_header)), '[]')
            from previews p where p.sandbox_id = s.id and p.deleted_at is null) as previews,
         (select t.embed_origins from tenants t where t.id = s.tenant_id) as embed_origins
    from sandboxes s;

-- Payload = organization id: every route of it is read again.
create function notify_tenant_routes() returns trigger language plpgsql as $$
begin
  perform pg_notify('miosa_routes', new.id::text);
  return new;
end $$;
create trigger tenants_routed after update of embed_origins on tenants
  for each row when (old.embed_origins is distinct from new.embed_origins) execute function notify_tenant_routes();
