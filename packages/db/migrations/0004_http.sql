-- Remembered answers of POSTs. Contract 1.4: 24 h per organization and route.
create table idempotency_keys (
  tenant_id uuid not null,
  route text not null,
  key_hash bytea not null, -- SHA-256 of the header
  body_hash bytea not null,
  -- null while the first request runs; `locked_until` frees a request whose process died
  status int,
  sealed_body bytea, -- AES-256-GCM under a key derived from the header, which is not stored: one-time secrets stay one-time
  locked_until timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, route, key_hash)
);
create index idempotency_expiry on idempotency_keys (created_at);
