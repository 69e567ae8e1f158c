import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { connectionConfig } from './pool.ts';

const MIGRATIONS_DIR = join(import.meta.dirname, '..', 'migrations');
/** Any fixed number: the lock that makes several starters take turns. */
const LOCK_KEY = 7_305_401_962;

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** The migrations in order; names are `0001_words.sql` without gaps, so two branches cannot both add "the next" unnoticed. */
export const readMigrations = async (dir: string = MIGRATIONS_DIR): Promise<Migration[]> => {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name, i) => {
      if (!name.startsWith(`${String(i + 1).padStart(4, '0')}_`)) throw new Error(`migration ${name}: expected number ${i + 1}`);
      const sql = await readFile(join(dir, name), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
};

const pending = async (client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> => {
  await client.query(
    'create table if not exists schema_migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())',
  );
  const { rows } = await client.query<{ name: string; checksum: string }>('select name, checksum from schema_migrations order by name');
  for (const [i, { name, checksum }] of rows.entries()) {
    const known = migrations[i];
    if (known?.name !== name) {
      throw new Error(
        `The database has migration ${name}, which this version does not know: it was used by a newer version. Start that one.`,
      );
    }
    if (known.checksum !== checksum) {
      throw new Error(`Migration ${name} was changed after it was applied. Restore the file and put the change in a new migration.`);
    }
  }
  return migrations.slice(rows.length);
};

const apply = async (client: pg.Client, { name, sql, checksum }: Migration): Promise<void> => {
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new Error(`Migration ${name} failed: ${(error as Error).message}`, { cause: error });
  }
};

const connected = async (url: string): Promise<pg.Client> => {
  // Building an index on a large table may take long: no statement timeout here.
  const client = new pg.Client(connectionConfig(url, { applicationName: 'miosa-migrate', statementTimeoutMs: 0 }));
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
};

/** Creates the database of `url` when the server does not have it; safe with several starters. */
export const createDatabaseIfMissing = async (url: string): Promise<void> => {
  try {
    await (await connected(url)).end();
  } catch (error) {
    if ((error as { code?: string }).code !== '3D000') throw error;
    const parsed = new URL(url);
    const name = decodeURIComponent(parsed.pathname.slice(1));
    parsed.pathname = '/postgres';
    const admin = await connected(parsed.href);
    try {
      await admin.query(`create database ${pg.escapeIdentifier(name)}`);
    } catch (raced) {
      // 42P04: exists; 23505: two `create database` in the same moment.
      if (!['42P04', '23505'].includes((raced as { code?: string }).code ?? '')) throw raced;
    } finally {
      await admin.end();
    }
  }
};

/**
 * Brings the database to this version's schema, creating it first when missing. Forward only, each file in its own
 * transaction, in turn under an advisory lock. Throws when the database is newer or an applied file was changed.
 */
export const migrate = async (url: string, dir?: string): Promise<void> => {
  const migrations = await readMigrations(dir);
  await createDatabaseIfMissing(url);
  const client = await connected(url);
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK_KEY]);
    for (const migration of await pending(client, migrations)) await apply(client, migration);
  } finally {
    await client.end(); // releases the lock
  }
};
