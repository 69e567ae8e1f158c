/**
 * `./miosa test [unit|go|root|platform]`: all suites, then a check that nothing was left on the machine. The last line is `N passed, N failed`,
 * summed over every suite; the exit code says the same.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settledLeftovers, snapshot } from '../tests/harness/leftovers.ts';
import { type Count, goTests, isStopped, stopSuites, sumOf, vitestProjects } from './test-suites.ts';

const SUITES: Readonly<Record<string, (work: string) => Promise<Count>>> = {
  unit: (work) => vitestProjects(['rules', 'unit'], work),
  go: () => goTests(['agent', 'apps/runner/launch']),
  root: (work) => vitestProjects(['root'], work),
  platform: async (work) => sumOf([await vitestProjects(['platform'], work), await vitestProjects(['faults'], work)]),
};

/** Sums of what the security suites noted, e.g. `2350 from container, 2100 from gvisor`. */
const readAttempts = (file: string): string => {
  if (!existsSync(file)) return '';
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { tier: string; tried: number });
  const sums = Map.groupBy(lines, ({ tier }) => tier);
  return [...sums].map(([tier, of]) => `${of.reduce((sum, { tried }) => sum + tried, 0)} from ${tier}`).join(', ');
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => SUITES[name] === undefined);
if (unknown.length > 0) {
  console.error(`miosa: there is no suite '${unknown.join("', '")}'; there are: ${Object.keys(SUITES).join(', ')}.`);
  process.exit(1);
}

// Ctrl-C reaches the suites too (same terminal); this process waits for their clean-up and then reports.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stopSuites);

const before = snapshot();
const work = mkdtempSync(join(tmpdir(), 'test-run-'));
// What a suite wants to be read at the end of everything, e.g. how many faults it went through.
const notes = join(work, 'notes');
process.env.MIOSA_TEST_NOTES = notes;
const attemptsFile = join(work, 'attempts');
process.env.MIOSA_ATTEMPTS_FILE = attemptsFile;
const counts: Count[] = [];
for (const [name, run] of Object.entries(SUITES)) {
  if ((chosen.length > 0 && !chosen.includes(name)) || isStopped()) continue;
  console.log(`\n── ${name}`);
  const startedAt = Date.now();
  const count = await run(work);
  counts.push(count);
  console.log(
    `── ${name}: ${count.passed} passed, ${count.failures.length} failed, ${count.skipped} skipped in ${Math.round((Date.now() - startedAt) / 1000)} s`,
  );
}
const noted = existsSync(notes) ? readFileSync(notes, 'utf8') : '';
const attempts = readAttempts(attemptsFile);
rmSync(work, { recursive: true, force: true });

console.log('\n── left-overs: processes, mounts, namespaces, links, cgroups, firewall tables, loop devices, temporary folders');
const left = await settledLeftovers(before);
for (const line of left) console.log(`  LEFT BEHIND  ${line}`);
if (left.length === 0) console.log('  none');
counts.push({
  passed: left.length === 0 ? 1 : 0,
  skipped: 0,
  failures: left.map((line) => `left behind: ${line}`).slice(0, 1),
  secondTries: [],
});

if (noted !== '') console.log(`\n${noted.trimEnd()}`);
if (attempts !== '') console.log(`\nescapes tried: ${attempts}; one that gets out fails its test`);
const list = (title: string, lines: readonly string[]): void => {
  if (lines.length > 0) console.log(`\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`);
};
const total = sumOf(counts);
list('passed only at the second try; each is a defect to find:', total.secondTries);
list('failed:', total.failures);
console.log(`\n${total.passed} passed, ${total.failures.length} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = isStopped() ? 130 : total.failures.length === 0 ? 0 : 1;
