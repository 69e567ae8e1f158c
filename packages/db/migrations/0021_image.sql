-- The image that a create named (contract 4.2), in full; its files are those of `template_id`.
alter table sandboxes add column image text;
