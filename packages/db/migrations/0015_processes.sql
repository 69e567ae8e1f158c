-- Services of sandboxes. Contract 4.2. What else a process is, the sandbox's own agent keeps on the sandbox's disk.
alter table sandboxes add column readiness_probe jsonb; -- of the service `start`
