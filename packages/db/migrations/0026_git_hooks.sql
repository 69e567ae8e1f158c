-- Of the event that asked for the build: a repeated one builds nothing.
alter table deployment_builds add column hook_sha256 text;
create unique index deployment_builds_hook on deployment_builds (deployment_id, hook_sha256) where hook_sha256 is not null;
