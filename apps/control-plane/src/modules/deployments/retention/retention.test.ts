import { decodeManifest } from '@miosa/releases';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, systemOp } from '../deps.ts';
import { keepBlobs, useBlobs } from '../publish/blobs.store.ts';
import { keyOf, sha256Of } from '../publish/storing.ts';
import { createWorld, type World } from '../testing/world.ts';
import { lockDoomed } from './contents.store.ts';
import { doomContents, doomLeftContents, forgetOldRows, removeDoomed } from './contents.ts';
import { collectOldReleases } from './releases.ts';

const DAY_MS = 24 * 3600_000;

let world: World;
let sandbox: Awaited<ReturnType<World['create']>>;
beforeAll(async () => {
  world = await createWorld();
  sandbox = await world.create();
});
afterAll(() => world.close());

let made = 0;
const create = async (): Promise<{ id: string }> => {
  made += 1;
  return (await world.call('POST', '/deployments', { name: `Kept ${made}`, project_id: sandbox.project_id })).body.data;
};
const publish = async (id: string, text: string) => {
  await world.write(sandbox.id, { 'dist/index.html': text });
  const body = { source_sandbox_id: sandbox.id, output_path: 'dist' };
  const { status, body: answer, text: said } = await world.call('POST', `/deployments/${id}/publish`, body);
  if (status !== 201) throw new Error(`publish: ${status} ${said}`);
  return answer.data;
};
const publishMany = async (id: string, count: number): Promise<{ version: { id: string }; release: { id: string; sha256: string } }[]> => {
  const all = [];
  for (let n = 0; n < count; n++) all.push(await publish(id, `<h1>${id} ${n}</h1>`));
  return all;
};
/** Everything that is so old, as if it had been made then. */
const age = async (id: string, days: number): Promise<void> => {
  const by = sql`make_interval(days => ${days})`;
  const { read } = world.core.db;
  await sql`update deployment_releases set created_at = created_at - ${by} where deployment_id = ${id}`.execute(read);
  await sql`update deployment_versions set promoted_at = promoted_at - ${by}, replaced_at = replaced_at - ${by}
             where deployment_id = ${id}`.execute(read);
};
const collected = async (id: string): Promise<string[]> => {
  const { rows } = await sql<{ version_id: string }>`
    select version_id from deployment_releases where deployment_id = ${id} and collected_at is not null order by id`.execute(
    world.core.db.read,
  );
  return rows.map(({ version_id }) => version_id);
};
const rollback = (id: string, versionId: string) => world.call('POST', `/deployments/${id}/rollback`, { version_id: versionId });
/** All steps of a pass over contents, with the days between them. */
const passOverContents = async (): Promise<number> => {
  world.advance(3 * DAY_MS);
  await doomContents(world.core);
  world.advance(2 * DAY_MS);
  return removeDoomed(world.core);
};
const has = async (sha256: string): Promise<boolean> => (await world.core.blobs.has([keyOf(world.tenantId, sha256)])).size === 1;
const formsOf = async (manifestSha256: string): Promise<string[]> => {
  const { files } = decodeManifest(await world.core.blobs.get(keyOf(world.tenantId, manifestSha256)));
  return files
    .flatMap(({ sha256, br, gzip, zstd }) => [sha256, br?.sha256, gzip?.sha256, zstd?.sha256])
    .filter((sha256) => sha256 !== undefined);
};

describe('releases', () => {
  it('stay while they are young, live, the one before, or among the last ten; the others are given up and answer 410', async () => {
    const { id } = await create();
    const all = await publishMany(id, 14);
    const at = (n: number): string => all[n]?.version.id ?? '';
    await collectOldReleases(world.core);
    expect(await collected(id)).toEqual([]);
    await age(id, 31);
    // Live again, which makes the newest the one before.
    expect((await rollback(id, at(0))).status).toBe(200);
    await collectOldReleases(world.core);
    expect(await collected(id)).toEqual([at(1), at(2), at(3)]);
    const refused = await rollback(id, at(2));
    expect([refused.status, refused.body.error.code]).toEqual([410, 'GONE']);
    expect((await world.call('POST', `/deployments/${id}/versions/${at(2)}/promote`)).status).toBe(410);
    expect((await rollback(id, at(4))).status).toBe(200);
    const { rows } = await sql<{ metadata: { version_ids: string[] } }>`
      select metadata from audit_entries where action = 'deployments.releases.collect' and resource_id = ${id}`.execute(world.core.db.read);
    expect(rows.map(({ metadata }) => metadata.version_ids.toSorted())).toEqual([[at(1), at(2), at(3)]]);
  });

  it('count their days from when another took their place', async () => {
    const { id } = await create();
    const [first] = await publishMany(id, 12);
    await age(id, 31);
    await rollback(id, first?.version.id ?? '');
    await publish(id, 'newer');
    await publish(id, 'newest');
    await collectOldReleases(world.core);
    expect(await collected(id)).not.toContain(first?.version.id);
  });

  it('stay while they are built or run', async () => {
    const { id } = await create();
    const all = await publishMany(id, 13);
    await age(id, 31);
    const [one, two] = all.map(({ version }) => version.id);
    const { read } = world.core.db;
    await sql`update deployment_builds set state = 'queued' where version_id = ${one}`.execute(read);
    await sql`insert into deployment_instances (id, deployment_id, version_id, release_id, tenant_id, env_revision, state, port, created_at, updated_at)
              select 'ins_kept', deployment_id, version_id, id, ${world.tenantId}::uuid, 1, 'stopping', 80, now(), now()
                from deployment_releases where version_id = ${two}`.execute(read);
    await collectOldReleases(world.core);
    expect(await collected(id)).toEqual([all[2]?.version.id]);
    await sql`update deployment_builds set state = 'ready' where version_id = ${one}`.execute(read);
    await sql`delete from deployment_instances where id = 'ins_kept'`.execute(read);
  });

  it('of a deleted deployment go', async () => {
    const { id } = await create();
    const [only] = await publishMany(id, 1);
    await world.call('DELETE', `/deployments/${id}`);
    await collectOldReleases(world.core);
    expect(await collected(id)).toEqual([only?.version.id]);
  });

  it('of a version that failed go after a day, and keep no place among the last ten', async () => {
    const { id } = await create();
    const [one, two] = await publishMany(id, 3);
    const { read } = world.core.db;
    await sql`update deployment_versions set state = 'failed', updated_at = ${world.core.now()} where id in (${one?.version.id}, ${two?.version.id})`.execute(
      read,
    );
    await collectOldReleases(world.core);
    expect(await collected(id)).toEqual([]);
    world.advance(2 * DAY_MS);
    await collectOldReleases(world.core);
    // The second was live before the third: nothing of what a rollback leads to goes.
    expect(await collected(id)).toEqual([one?.version.id]);
  });

  it('drop their machine files until that is done, and one that cannot be dropped holds up no other', async () => {
    const { id } = await create();
    const [one, two, three] = await publishMany(id, 3);
    const { read } = world.core.db;
    const op = systemOp(world.core, world.tenantId, 'test');
    const taken = [await world.core.machines.takeSnapshot(op, sandbox.id), await world.core.machines.takeSnapshot(op, sandbox.id)];
    for (const [n, made] of [one, two].entries())
      await sql`update deployment_releases set snapshot_id = ${taken[n]?.id}, collected_at = now() where id = ${made?.release.id}`.execute(
        read,
      );
    const asked: string[] = [];
    const machines: Core['machines'] = {
      ...world.core.machines,
      dropSnapshot: async (asks, snapshotId) => {
        asked.push(snapshotId);
        if (snapshotId === taken[0]?.id) throw new Error('the host is away');
        await world.core.machines.dropSnapshot(asks, snapshotId);
      },
    };
    await collectOldReleases({ ...world.core, machines });
    expect(asked).toEqual(taken.map((snapshot) => snapshot.id));
    const left = () =>
      read
        .selectFrom('deployment_releases')
        .select('version_id')
        .where('deployment_id', '=', id)
        .where('snapshot_id', 'is not', null)
        .execute();
    expect(await left()).toEqual([{ version_id: one?.version.id }]);
    // Said to be done, but the files are still there.
    await collectOldReleases({ ...world.core, machines: { ...machines, dropSnapshot: async () => {} } });
    expect(await left()).toEqual([{ version_id: one?.version.id }]);
    await collectOldReleases(world.core);
    expect(await left()).toEqual([]);
    const states = await read
      .selectFrom('snapshots')
      .select('state')
      .where(
        'id',
        'in',
        taken.map((snapshot) => snapshot.id),
      )
      .execute();
    expect(states).toEqual([{ state: 'deleted' }, { state: 'deleted' }]);
    expect(await collected(id)).not.toContain(three?.version.id);
  });
});

describe('contents', () => {
  it('go with the last release that names them, in all their forms, and can be published again', async () => {
    const { id } = await create();
    const text = 'the same words again and again '.repeat(200);
    const first = await publish(id, text);
    const forms = [first.release.sha256, ...(await formsOf(first.release.sha256))];
    expect(forms.length).toBeGreaterThan(2);
    const other = await create();
    await publish(other.id, text);
    await world.call('DELETE', `/deployments/${id}`);
    await collectOldReleases(world.core);
    await passOverContents();
    expect(await Promise.all(forms.map(has))).toEqual(forms.map(() => true));
    await world.call('DELETE', `/deployments/${other.id}`);
    await collectOldReleases(world.core);
    expect(await passOverContents()).toBeGreaterThanOrEqual(forms.length);
    expect(await Promise.all(forms.map(has))).toEqual(forms.map(() => false));
    const again = await publish((await create()).id, text);
    expect(again.release.sha256).toBe(first.release.sha256);
    expect(await Promise.all(forms.map(has))).toEqual(forms.map(() => true));
    await passOverContents();
    expect(await Promise.all(forms.map(has))).toEqual(forms.map(() => true));
  });

  it('that were uploaded stay with their version, of which they can be built again, and with a publish that waits', async () => {
    const { id } = await create();
    const texts = ['<h1>uploaded</h1>', '/old /new 301'];
    const files = texts.map((text, n) => ({
      path: ['index.html', '_redirects'][n] ?? '',
      sha256: sha256Of(Buffer.from(text)),
      size_bytes: text.length,
    }));
    const blobs = files.map(({ sha256, size_bytes }) => ({ sha256, sizeBytes: size_bytes, encodings: {} }));
    for (const [n, blob] of blobs.entries())
      await world.core.blobs.put(keyOf(world.tenantId, blob.sha256), Buffer.from(texts[n] ?? ''), blob);
    await keepBlobs(world.core.db.read, world.tenantId, blobs, world.core.now());
    const upload = (await world.call('POST', `/deployments/${id}/uploads`, { files })).body.data;
    const published = await world.call('POST', `/deployments/${id}/versions`, { upload_id: upload.id });
    expect(published.status, published.text).toBe(201);
    const version = published.body.data.version ?? published.body.data;
    const there = () => Promise.all(blobs.map(({ sha256 }) => has(sha256)));
    await passOverContents();
    // The manifest names only what is served, not the rules; both are needed to build it again.
    expect(await there()).toEqual([true, true]);
    const again = await world.call('POST', `/deployments/${id}/redeploy`);
    expect(again.status, again.text).toBe(201);

    const { read } = world.core.db;
    await sql`update deployment_versions set state = 'created', release_id = null where deployment_id = ${id}`.execute(read);
    await sql`update deployment_builds set state = 'queued' where version_id = ${version.id}`.execute(read);
    await passOverContents();
    expect(await there()).toEqual([true, true]);
    // Ended without a release, as when the deployment was deleted while they waited.
    await sql`update deployment_builds set state = 'cancelled' where deployment_id = ${id}`.execute(read);
    await passOverContents();
    expect(await there()).toEqual([false, false]);
  });

  it('of what is live stay however long nobody publishes', async () => {
    const { id } = await create();
    const { release } = await publish(id, 'stays');
    for (let pass = 0; pass < 3; pass++) await passOverContents();
    expect(await has(release.sha256)).toBe(true);
    expect(await Promise.all((await formsOf(release.sha256)).map(has))).not.toContain(false);
  });

  it('that are doomed are stored again by who wants them, at any step of their end', async () => {
    const bytes = Buffer.from('wanted again');
    const blob = { sha256: sha256Of(bytes), sizeBytes: bytes.length, encodings: {} };
    const { read } = world.core.db;
    const key = keyOf(world.tenantId, blob.sha256);
    const put = () => world.core.blobs.put(key, bytes, blob);
    await put();
    await keepBlobs(read, world.tenantId, [blob], world.core.now());
    world.advance(3 * DAY_MS);
    await doomContents(world.core);
    // Doomed: unknown, and its row is gone, so that nobody removes what is stored now.
    expect((await useBlobs(read, world.tenantId, [blob.sha256], world.core.now())).size).toBe(0);
    await put();
    world.advance(2 * DAY_MS);
    await removeDoomed(world.core);
    expect(await has(blob.sha256)).toBe(true);
    await keepBlobs(read, world.tenantId, [blob], world.core.now());

    // Doomed between the look and the end of the writing: saved by its end.
    world.advance(3 * DAY_MS);
    await doomContents(world.core);
    await keepBlobs(read, world.tenantId, [blob], world.core.now());
    world.advance(2 * DAY_MS);
    await removeDoomed(world.core);
    expect(await has(blob.sha256)).toBe(true);

    // While it is being removed, who wants it waits, and then finds it unknown.
    world.advance(3 * DAY_MS);
    await doomContents(world.core);
    world.advance(2 * DAY_MS);
    let looked: Promise<number> = Promise.resolve(-1);
    await world.core.db.tx({ log: world.core.log, requestId: 'test' }, 'test.remove', async (tx) => {
      expect((await lockDoomed(tx, world.core.now(), 1000)).map(({ sha256 }) => sha256)).toContain(blob.sha256);
      looked = useBlobs(read, world.tenantId, [blob.sha256], world.core.now()).then(({ size }) => size);
      await world.core.blobs.delete([key]);
      await tx.deleteFrom('tenant_blobs').where('sha256', '=', blob.sha256).execute();
    });
    expect(await looked).toBe(0);
  });

  it('a manifest that cannot be read keeps everything of its organization', async () => {
    const { id } = await create();
    const { release } = await publish(id, 'damaged');
    const [page = ''] = await formsOf(release.sha256);
    await world.core.blobs.delete([keyOf(world.tenantId, release.sha256)]);
    await passOverContents();
    expect(await has(page)).toBe(true);
    await world.call('DELETE', `/deployments/${id}`);
    await collectOldReleases(world.core);
  });

  it('left in the store without a row go too, but not young ones', async () => {
    const bytes = Buffer.from('left behind');
    const sha256 = sha256Of(bytes);
    await world.core.blobs.put(keyOf(world.tenantId, sha256), bytes, { sha256, sizeBytes: bytes.length });
    const young = { ...world.core, now: () => new Date() };
    await doomLeftContents(young);
    await removeDoomed({ ...young, now: () => new Date(Date.now() + DAY_MS) });
    expect(await has(sha256)).toBe(true);
    await doomLeftContents(world.core);
    world.advance(2 * DAY_MS);
    await removeDoomed(world.core);
    expect(await has(sha256)).toBe(false);
  });
});

it('output of builds goes after a month, and uploads when they have expired', async () => {
  const { id } = await create();
  const { build } = await publish(id, 'lines');
  const { read } = world.core.db;
  await sql`insert into deployment_build_lines (build_id, seq, ts, stream, step, line) values (${build.id}, 9001, now(), 'stdout', 'build', 'x')`.execute(
    read,
  );
  const files = [{ path: 'index.html', sha256: 'a'.repeat(64), size_bytes: 1 }];
  const upload = (await world.call('POST', `/deployments/${id}/uploads`, { files })).body.data;
  const left = async () => {
    const { rows } = await sql<{ lines: number; uploads: number }>`
      select (select count(*)::int from deployment_build_lines where build_id = ${build.id} and seq = 9001) as lines,
             (select count(*)::int from deployment_uploads where id = ${upload.id}) as uploads`.execute(read);
    return rows[0];
  };
  await forgetOldRows(world.core);
  expect(await left()).toEqual({ lines: 1, uploads: 1 });
  world.advance(31 * DAY_MS);
  await forgetOldRows(world.core);
  expect(await left()).toEqual({ lines: 0, uploads: 0 });
});
