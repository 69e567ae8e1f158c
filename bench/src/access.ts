import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Database, openDatabase } from '@miosa/db';
import { measureInProcess } from './access/in-process.ts';
import { type End, measureEnd } from './access/measure.ts';
import { measureRevocation } from './access/revocation.ts';
import { addAuditRows, addKeys, addOrganizations, settle, unsealed } from './access/seed.ts';
import { startServers } from './access/servers.ts';
import { format, percentile, timed } from './stats.ts';

const IN_USE = 1000;
const REVOKED = 200;
/** The small end: as little as fills the pages that are asked for. The large one is `--keys` and `--rows`. */
const SMALL_KEYS = 2000;
const SMALL_ROWS = 10_000;

/** A statement has a time limit. */
const AT_ONCE = 50_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const load = (): string => `load ${loadavg()[0]?.toFixed(2)}`;
const count = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');

const number = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name}: "${text}" is not a whole number from ${least} on.`);
  return value;
};

const sealed = async (db: Database): Promise<void> => {
  while ((await unsealed(db)) > 0) await sleep(200);
};

const grow = async (db: Database, keys: number, rows: number): Promise<void> => {
  const seed = await timed(async () => {
    await addKeys(db, SMALL_KEYS, keys);
    for (let from = SMALL_ROWS; from < rows; from += AT_ONCE) await addAuditRows(db, from, Math.min(from + AT_ONCE, rows));
  });
  const chain = await timed(() => sealed(db));
  await settle(db);
  say(
    `\n${count(keys)} keys and ${count(rows)} audit entries: inserted in ${format(seed.ms / 1000)} s, chained in ${format(chain.ms / 1000)} s more`,
  );
};

const printLoad = (name: string, { load: results }: End): void => {
  say(`\n${name}: 16 kept-alive connections from a process of their own, ${IN_USE} keys in turn, medians of rounds`);
  say(`${''.padEnd(34)}${'req/s'.padStart(9)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}${'of healthz'.padStart(12)}  answers`);
  const floor = results.get('/healthz')?.perSecond ?? Number.NaN;
  for (const [kind, { perSecond, p50Ms, p99Ms, statuses }] of results) {
    const ratio = `${(perSecond / floor).toFixed(2)} ×`;
    const answers = Object.entries(statuses).map(([status, times]) => `${status}: ${times}`);
    const [rate, p50, p99] = [perSecond.toFixed(0), format(p50Ms), format(p99Ms)];
    say(`${kind.padEnd(34)}${rate.padStart(9)}${p50.padStart(9)}${p99.padStart(9)}${ratio.padStart(12)}  ${answers.join(', ')}`);
  }
};

const printBothEnds = (small: End, large: End, titles: readonly [string, string]): void => {
  say(
    `\n${'one call, milliseconds p50; keys / entries'.padEnd(44)}${titles[0].padStart(12)}${titles[1].padStart(22)}${'ratio'.padStart(9)}`,
  );
  for (const [name, before] of small.calls) {
    const after = large.calls.get(name) ?? Number.NaN;
    say(`${name.padEnd(40)}${format(before).padStart(12)}${format(after).padStart(22)}${`${(after / before).toFixed(2)} ×`.padStart(9)}`);
  }
};

/** What credentials, limits and the audit log cost, with next to nothing stored and with much. */
export const benchAccess = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      keys: { type: 'string', default: '100000' },
      rows: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '5' },
    },
  });
  const [keys, rows, rounds] = [
    number('keys', values.keys, SMALL_KEYS),
    number('rows', values.rows, SMALL_ROWS),
    number('rounds', values.rounds, 1),
  ];
  say(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${load()} before the run`);
  const servers = await startServers();
  const db = openDatabase(servers.databaseUrl);
  try {
    await addOrganizations(db);
    await addKeys(db, 0, SMALL_KEYS);
    await addAuditRows(db, 0, SMALL_ROWS);
    await sealed(db);
    await settle(db);
    const small = await measureEnd(servers, { inUse: IN_USE, rounds, fresh: IN_USE });
    printLoad(`${count(SMALL_KEYS)} keys, ${count(SMALL_ROWS)} audit entries`, small);
    await grow(db, keys, rows);
    const large = await measureEnd(servers, { inUse: IN_USE, rounds, fresh: IN_USE + (SMALL_KEYS - IN_USE) / 2 });
    printLoad(`${count(keys)} keys, ${count(rows)} audit entries`, large);
    printBothEnds(small, large, [`${count(SMALL_KEYS)} / ${count(SMALL_ROWS)}`, `${count(keys)} / ${count(rows)}`]);

    const inside = await measureInProcess(servers.databaseUrl, IN_USE);
    say('\nin process, milliseconds'.padEnd(41) + 'p50'.padStart(12) + 'p99'.padStart(12));
    for (const { name, ms } of inside)
      say(`${name.padEnd(40)}${percentile(ms, 50).toFixed(4).padStart(12)}${percentile(ms, 99).toFixed(4).padStart(12)}`);

    const revocation = await measureRevocation(servers, IN_USE, REVOKED);
    const { ms, load: meanwhile } = revocation;
    say(
      `\nrevocation, from sending it to one process to the first refusal by another; ${IN_USE} keys in use there, ${meanwhile.perSecond.toFixed(0)} req/s:`,
    );
    say(
      `  p50 ${format(percentile(ms, 50))} ms, p99 ${format(percentile(ms, 99))} ms, longest ${format(Math.max(...ms))} ms (n = ${ms.length})`,
    );
    say(`\n${load()} after the run`);
  } finally {
    await db.close();
    await servers.stop();
  }
};
