-- A chain over the entries of each organization, and the least rights for the processes. Contract 2.8.
--
-- Entries are inserted and never touched again; the chain lies beside them. A statement that inserts entries leaves a note in
-- `audit_unsealed`; the sealer links noted entries within a second, in its own order. Numbers of `seq` that never commit, or commit late,
-- therefore do not matter: `position` has no gaps.
alter table audit_entries add attestation bytea; -- HMAC of the entry by a key the database does not have; null in entries older than this

create table audit_origin (last_unattested_seq bigint not null);
insert into audit_origin select coalesce(max(seq), 0) from audit_entries;

create table audit_unsealed (
  entry_seq bigint primary key,
  entry_id text not null,
  tenant_id uuid not null
);
create index audit_unsealed_tenant on audit_unsealed (tenant_id);
insert into audit_unsealed select seq, id, tenant_id from audit_entries;

create table audit_seals (
  tenant_id uuid not null,
  position bigint not null,
  entry_seq bigint not null unique,
  entry_id text not null,
  prev_hash text, -- null at position 1
  hash text not null, -- SHA-256 over prev_hash and the canonical JSON of the entry
  primary key (tenant_id, position)
);

create table audit_chains ( -- where each chain begins (what is older was purged) and ends
  tenant_id uuid primary key,
  base_position bigint not null default 0,
  base_hash text,
  position bigint not null,
  hash text,
  sealed_until timestamptz,
  proof bytea -- HMAC of the row: a chain rewritten from some place on would show
);

create function note_unsealed() returns trigger language plpgsql as $$
begin
  insert into audit_unsealed select seq, id, tenant_id from inserted;
  return null;
end $$;
create trigger audit_noted after insert on audit_entries referencing new table as inserted
  for each statement execute function note_unsealed();

-- Deletion is for retention alone, and nobody may keep less than 30 days.
drop trigger audit_append_only on audit_entries;
create trigger audit_append_only before update or truncate on audit_entries
  for each statement execute function refuse_audit_change();
create function refuse_early_audit_removal() returns trigger language plpgsql as $$
begin
  if old.created_at > now() - interval '30 days' then
    raise exception 'audit entries are append-only';
  end if;
  return old;
end $$;
create trigger audit_kept before delete on audit_entries for each row execute function refuse_early_audit_removal();
create trigger audit_seals_fixed before update or truncate on audit_seals
  for each statement execute function refuse_audit_change();

-- Removes the beginning of one chain, at most to `until_position`, and moves its base. Answers the new base.
create function audit_purge(tenant uuid, until_position bigint) returns table (base_position bigint, base_hash text)
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  last audit_seals%rowtype;
begin
  select * into last from audit_seals s where s.tenant_id = tenant and s.position = until_position;
  if not found then
    raise exception 'no such position';
  end if;
  delete from audit_entries e using audit_seals s where s.tenant_id = tenant and s.position <= until_position and e.seq = s.entry_seq;
  delete from audit_seals s where s.tenant_id = tenant and s.position <= until_position;
  return query update audit_chains c set base_position = last.position, base_hash = last.hash where c.tenant_id = tenant
    returning c.base_position, c.base_hash;
end $$;

-- Roles of the processes. They belong to the server and not to the database, and an external server may refuse to make them: then the
-- processes go on as the owner, and say so.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['miosa_control_plane', 'miosa_edge'] loop
    begin
      if not exists (select from pg_roles where rolname = wanted) then
        execute format('create role %I login', wanted);
      end if;
    exception
      when insufficient_privilege then raise notice 'role % not made: no right to create roles', wanted;
      when duplicate_object or unique_violation then null; -- another database's migration was faster
    end;
  end loop;
end $$;

do $$
begin
  if exists (select from pg_roles where rolname = 'miosa_control_plane') then
    grant usage on schema public to miosa_control_plane;
    grant select, insert, update, delete on all tables in schema public to miosa_control_plane;
    grant usage on all sequences in schema public to miosa_control_plane;
    alter default privileges in schema public grant select, insert, update, delete on tables to miosa_control_plane;
    alter default privileges in schema public grant usage on sequences to miosa_control_plane;
    revoke update, delete, truncate on audit_entries, audit_seals from miosa_control_plane;
    revoke insert, update, delete, truncate on audit_origin, schema_migrations from miosa_control_plane;
    revoke execute on function audit_purge from public;
    grant execute on function audit_purge to miosa_control_plane;
  end if;
  if exists (select from pg_roles where rolname = 'miosa_edge') then
    grant usage on schema public to miosa_edge;
    grant select on edge_sandboxes, edge_shares, edge_dead_keys to miosa_edge;
  end if;
end $$;
