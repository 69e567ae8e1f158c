-- Hosts that a variable's true value is sent to (contract 4.2, env): inside the sandbox it is a placeholder. Null = the value itself is inside.
alter table sandbox_env add column hosts text[];
