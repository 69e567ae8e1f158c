import { sql } from 'kysely';
import type { Database } from './database.ts';

interface Row {
  readonly name: string;
  readonly text: string;
}

/** System catalogs hide nothing, but one's own tables only are of interest; `schema_migrations` belongs to the migrator. */
const OWN = sql`c.relnamespace = 'public'::regnamespace and c.relname <> 'schema_migrations'`;

const COLUMNS = sql<Row>`
  select c.relname as name,
         format('  %I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
                case when a.attidentity <> '' then ' generated always as identity'
                     when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end,
                case when a.attnotnull then ' not null' else '' end) as text
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
   where c.relkind = 'r' and ${OWN} order by c.relname, a.attnum`;

// `not null` constraints (a catalog row each since Postgres 18) are written at their columns.
const CONSTRAINTS = sql<Row>`
  select c.relname as name, format('  constraint %I %s', k.conname, pg_get_constraintdef(k.oid)) as text
    from pg_constraint k join pg_class c on c.oid = k.conrelid
   where k.contype <> 'n' and ${OWN} order by c.relname, k.contype desc, k.conname`;

const OTHERS = sql<{ readonly text: string }>`
  select text from (
    select 1 as part, c.relname as name, pg_get_indexdef(i.indexrelid) as text
      from pg_index i join pg_class c on c.oid = i.indexrelid
     where ${OWN} and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
    union all
    select 2, c.relname, format(E'create view %I as\n%s', c.relname, rtrim(pg_get_viewdef(c.oid), ';')) from pg_class c where c.relkind = 'v' and ${OWN}
    union all
    select 3, p.proname, rtrim(pg_get_functiondef(p.oid), E' \n') from pg_proc p where p.pronamespace = 'public'::regnamespace
    union all
    select 4, t.tgname, pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid where not t.tgisinternal and ${OWN}
  ) parts order by part, name`;

/** The schema as one readable text, for review beside the migrations (`schema.sql`). From the catalog: the embedded Postgres ships no pg_dump. */
export const describeSchema = async ({ read }: Pick<Database, 'read'>): Promise<string> => {
  const [columns, constraints, others] = [await COLUMNS.execute(read), await CONSTRAINTS.execute(read), await OTHERS.execute(read)];
  const rules = Map.groupBy(constraints.rows, ({ name }) => name);
  const tables = [...Map.groupBy(columns.rows, ({ name }) => name)].map(([name, lines]) => {
    const all = [...lines, ...(rules.get(name) ?? [])];
    return `create table ${name} (\n${all.map(({ text }) => text).join(',\n')}\n)`;
  });
  const statements = [...tables, ...others.rows.map(({ text }) => text)];
  return `-- The schema after all migrations; written by a test, for review. Change it by a new file in migrations/.\n\n${statements.join(';\n\n')};\n`;
};
