-- What operators may do to users and organizations. Contract 4.23.
alter table users add column suspended_at timestamptz;
alter table users add column suspend_reason text;
alter table users add column deleted_at timestamptz; -- the row stays for what refers to it, without e-mail, name and password

alter table tenants add column suspended_at timestamptz;
alter table tenants add column suspend_reason text;

create index users_page on users (created_at desc, id desc) where deleted_at is null;
create index tenants_page on tenants (created_at desc, id desc) where deleted_at is null;
create index tenants_suspended on tenants (id) where suspended_at is not null;
-- Entries come in the order of time, give or take: a few bytes a block find those of a day, and cost an insert nothing.
create index audit_time on audit_entries using brin (created_at);
create index api_keys_all on api_keys (created_at desc, id desc);

-- Verified keys are remembered together with the state of their organization.
create trigger tenants_suspension_changed after update of suspended_at, deleted_at on tenants
  for each row when (old.suspended_at is distinct from new.suspended_at or old.deleted_at is distinct from new.deleted_at)
  execute function notify_plan_change();
