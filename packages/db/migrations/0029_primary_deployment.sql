-- What the customer chose; without a choice, or when what was chosen is deleted, the oldest deployment of the project stands for it.
alter table projects add column primary_deployment_id text references deployments (id) on delete set null;
create index projects_primary_deployment on projects (primary_deployment_id) where primary_deployment_id is not null;
