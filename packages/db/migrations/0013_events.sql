-- What happened, in an order that never changes once seen; and operations on many sandboxes. Contract 1.9, 4.2, 4.21.
--
-- A change inserts its event into `event_inbox`, in its own transaction. Numbers drawn there become visible in any order, so nobody reads
-- streams from it: `order_events` moves what is committed to `events` under a lock, and gives the ids. Whoever has read up to an id has seen
-- everything before it, always. Two changes of one resource follow each other by its row lock, so the later one has the greater `seq` and is
-- never moved earlier.
create table event_inbox (
  seq bigserial primary key,
  tenant_id uuid not null,
  type text not null,
  workspace_id uuid,
  project_id uuid,
  owner_user_id uuid,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  actor jsonb,
  resource_type text not null,
  resource_id text not null,
  narrow boolean not null, -- only in the stream of the resource itself
  data jsonb not null,
  created_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000); -- every row of it dies within milliseconds

create table events (
  id text collate "C" not null,
  tenant_id uuid not null,
  type text not null,
  workspace_id uuid,
  project_id uuid,
  owner_user_id uuid,
  external_workspace_id text,
  external_user_id text,
  external_project_id text,
  actor jsonb,
  resource_type text not null,
  resource_id text not null,
  narrow boolean not null,
  data jsonb not null,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create index events_resource on events (tenant_id, resource_id, id);
create index events_time on events using brin (created_at);

-- The one row that is locked while events are put in order. `ms` never goes back, whatever the clock does.
create table event_order (
  ms bigint not null,
  n bigint not null, -- within the millisecond
  last_id text collate "C" not null
);
insert into event_order values (0, 0, 'evt_00000000000000000000000000');

create function base32(value bigint, length int) returns text language sql immutable as $$
  select string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', ((value >> (5 * (length - i))) & 31)::int + 1, 1), '' order by i)
    from generate_series(1, length) i
$$;

-- 48 bits of milliseconds, 20 bits of order within, 60 random bits: sorted, and silent about how much others do.
create function event_id(ms bigint, n bigint) returns text language sql volatile as $$
  select 'evt_' || base32(ms, 10) || base32(n, 4) || base32((random() * 1152921504606846975)::bigint, 12)
$$;

-- Moves at most `most` events. Answers how many.
create function order_events(most int) returns int language plpgsql as $$
declare
  o event_order%rowtype;
  at_ms bigint;
  at_n bigint;
  moved int;
  newest text;
begin
  perform from event_inbox limit 1;
  if not found then
    return 0;
  end if;
  select * into o from event_order for update;
  at_ms := floor(extract(epoch from clock_timestamp()) * 1000);
  if at_ms > o.ms then
    at_n := 0;
  else
    at_ms := o.ms;
    at_n := o.n;
    if at_n + most >= 1048576 then
      at_ms := at_ms + 1;
      at_n := 0;
    end if;
  end if;
  with taken as (
    delete from event_inbox where seq in (select i.seq from event_inbox i order by i.seq limit most) returning *
  ), made as (
    insert into events
    select event_id(at_ms, at_n + row_number() over (order by seq) - 1), tenant_id, type, workspace_id, project_id, owner_user_id,
           external_workspace_id, external_user_id, external_project_id, actor, resource_type, resource_id, narrow, data, created_at
      from taken order by seq
    returning id, tenant_id, resource_id
  ), told as (
    select pg_notify('miosa_events', t.tenant_id || ' ' || t.resource_id) from (select distinct tenant_id, resource_id from made) t
  )
  select (select count(*) from made), (select max(id) from made), (select count(*) from told) into moved, newest;
  if moved > 0 then
    update event_order set ms = at_ms, n = at_n + moved, last_id = newest;
  end if;
  return moved;
end $$;

create function notify_event_inbox() returns trigger language plpgsql as $$
begin
  perform pg_notify('miosa_event_inbox', '');
  return null;
end $$;
create trigger event_inbox_filled after insert on event_inbox for each statement execute function notify_event_inbox();

-- One request for many sandboxes, carried out in the background. Items are leased, so that another process goes on where one died.
create table bulk_operations (
  id text primary key,
  tenant_id uuid not null references tenants (id),
  action text not null check (action in ('pause', 'resume', 'destroy')),
  actor jsonb not null, -- in whose name; its audit entries say so
  actor_id text not null,
  request_id text not null,
  created_at timestamptz not null
);
create index bulk_operations_time on bulk_operations (created_at);

create table bulk_items (
  operation_id text not null references bulk_operations (id) on delete cascade,
  position int not null,
  sandbox_id text not null,
  state text not null check (state in ('queued', 'completed', 'failed')),
  code text, -- of the failure
  leased_until timestamptz,
  primary key (operation_id, position)
);
create index bulk_items_queued on bulk_items (operation_id, position) where state = 'queued';
