-- When another version took its place: its files are kept for the retention counted from here.
alter table deployment_versions add column replaced_at timestamptz;

-- Set: nothing refers to it any more. It goes a day later; until then its row says that it must be stored again by whoever wants it.
alter table tenant_blobs add column doomed_at timestamptz;
create index tenant_blobs_doomed on tenant_blobs (doomed_at) where doomed_at is not null;
create index tenant_blobs_unused on tenant_blobs (last_used_at) where doomed_at is null;

create index deployment_releases_snapshots on deployment_releases (collected_at) where collected_at is not null and snapshot_id is not null;
create index deployment_uploads_expired on deployment_uploads (expires_at);
