import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@miosa/db';
import type { Deployment } from '@miosa/sdk';
import { sql } from 'kysely';
import type { TestPlatform } from '../../../tests/harness/platform.ts';
import { type Sample, sample } from '../stats.ts';
import { hostOf, visit } from './visit.ts';

export interface ManyResults {
  readonly count: number;
  readonly startMs: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly samples: readonly Sample[];
}

const rssOf = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

/** Copies of one deployment under other names, each with a release of its own: made in the database, since only the edge is measured here. */
const fill = async (platform: TestPlatform, deployment: Deployment, count: number): Promise<void> => {
  const url = `postgresql://miosa@localhost/miosa?host=${encodeURIComponent(join(platform.dataDir, 'run', 'pg'))}`;
  const db = openDatabase(url, { connections: 1, applicationName: 'bench' });
  const { id } = deployment;
  try {
    await sql`create temporary table copies as select n, 'dep_' || lpad(n::text, 26, '0') as d, 'ver_' || lpad(n::text, 26, '0') as v from generate_series(1, ${count}) n`.execute(
      db.read,
    );
    await sql`insert into deployments select (jsonb_populate_record(x, jsonb_build_object('id', c.d, 'slug', 'copy-' || c.n, 'active_version_id', c.v))).*
      from deployments x, copies c where x.id = ${id}`.execute(db.read);
    await sql`insert into deployment_versions select (jsonb_populate_record(old, jsonb_build_object('id', c.v, 'deployment_id', c.d))).*
      from deployment_versions old join deployments x on x.active_version_id = old.id, copies c where x.id = ${id}`.execute(db.read);
    await sql`insert into host_routes (space, name, tenant_id, resource_type, resource_id)
      select 'managed', replace(r.name, x.slug || '.', 'copy-' || c.n || '.'), r.tenant_id, 'deployment', c.d
      from host_routes r join deployments x on x.id = r.resource_id, copies c where x.id = ${id} and r.retired_at is null`.execute(db.read);
  } finally {
    await db.close();
  }
};

/** Start-up, memory and look-ups of the edge with that many deployments, all of them visited once. */
export const benchMany = async (platform: TestPlatform, deployment: Deployment, count: number): Promise<ManyResults> => {
  const host = hostOf(deployment.publicUrl);
  const nameOf = (n: number): string => host.replace(/^[^.]+/, `copy-${n}`);
  const ask = async (n: number): Promise<void> => {
    const { status } = await visit(platform.httpPort, nameOf(n));
    if (status !== 200) throw new Error(`${nameOf(n)} answered ${status}`);
  };
  await fill(platform, deployment, count);
  await ask(1);
  const bytesBefore = rssOf(platform.pid('edge'));
  const few = await sample('visit, few deployments known', 500, () => ask(1), 50);
  for (let n = 1; n <= count; n += 32) await Promise.all(Array.from({ length: Math.min(32, count - n + 1) }, (_, k) => ask(n + k)));
  const bytesAfter = rssOf(platform.pid('edge'));
  const many = await sample(`visit, ${count} known`, 500, (n) => ask(1 + ((Math.max(0, n) * 7919) % count)), 50);
  const before = platform.pid('edge');
  await platform.kill('edge');
  const started = performance.now();
  await platform.restarted('edge', before);
  for (;;) {
    if (
      await ask(count).then(
        () => true,
        () => false,
      )
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { count, startMs: performance.now() - started, bytesBefore, bytesAfter, samples: [few, many] };
};
