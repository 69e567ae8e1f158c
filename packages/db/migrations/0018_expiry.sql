-- Whether the end of a key was told (`api_key.expired`, contract 4.21). Those that have expired by now are no news.
alter table api_keys add column expiry_told boolean not null default false;
update api_keys set expiry_told = true where expires_at <= now();
create index api_keys_expiry on api_keys (expires_at) where revoked_at is null and not expiry_told;
