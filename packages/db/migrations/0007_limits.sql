-- A verified key is remembered together with its limits: a changed limit is a changed key.
create trigger api_keys_limit_changed after update of rate_limit_rpm on api_keys
  for each row when (old.rate_limit_rpm is distinct from new.rate_limit_rpm) execute function notify_key_change();

-- The plan sets limits of all keys of an organization, of which there may be a hundred thousand: one signal that means every key.
create function notify_plan_change() returns trigger language plpgsql as $$
begin
  perform pg_notify('miosa_keys', '*');
  return new;
end $$;
create trigger tenants_plan_changed after update of plan on tenants
  for each row when (old.plan is distinct from new.plan) execute function notify_plan_change();
