import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestReport } from './test-report.ts';

/** What came of a suite. */
export type Count = TestReport;

export const sumOf = (counts: readonly Count[]): Count => ({
  passed: counts.reduce((sum, { passed }) => sum + passed, 0),
  skipped: counts.reduce((sum, { skipped }) => sum + skipped, 0),
  failures: counts.flatMap(({ failures }) => failures),
  secondTries: counts.flatMap(({ secondTries }) => secondTries),
});

let current: ChildProcess | undefined;
let stopped = false;

/** Asks the running suite to end; its own clean-up runs, later suites do not. */
export const stopSuites = (): void => {
  stopped = true;
  current?.kill('SIGINT');
};
export const isStopped = (): boolean => stopped;

const readReport = (file: string): TestReport | null => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
};

/**
 * A test that fails is tried once more: a loaded machine must not decide. What needed its second try is a defect all the same and is listed at
 * the end of the run.
 */
const TRIES_AGAIN = 1;

/** A run that dies is a failure too, though no test says so. */
export const vitestProjects = async (projects: readonly string[], work: string): Promise<Count> => {
  const name = projects.join(' and ');
  const file = join(work, `${projects.join('-')}.json`);
  const args = ['run', ...projects.flatMap((project) => ['--project', project]), `--retry=${TRIES_AGAIN}`];
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, MIOSA_TEST_REPORT: file },
  });
  current = child;
  const [code] = await once(child, 'exit');
  const { passed, skipped, failures, secondTries } = readReport(file) ?? { passed: 0, skipped: 0, failures: [], secondTries: [] };
  const isSilent = code !== 0 && failures.length === 0;
  return { passed, skipped, failures: isSilent ? [`${name}: ended with code ${code}`] : failures, secondTries };
};

interface GoEvent {
  readonly Action: string;
  readonly Package?: string;
  readonly Test?: string;
  readonly Output?: string;
}

/** One Go module. The text of a test is shown when it fails; that of a package (compiler errors, panics) always. */
const goModule = async (folder: string): Promise<Count> => {
  const child = spawn('go', ['test', '-json', './...'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  current = child;
  const exited = once(child, 'exit');
  const ended: Record<string, string[]> = { pass: [], fail: [], skip: [] };
  const said = new Map<string, string[]>();
  for await (const line of createInterface({ input: child.stdout })) {
    let event: GoEvent;
    try {
      event = JSON.parse(line);
    } catch {
      console.log(line);
      continue;
    }
    const key = `${event.Package} ${event.Test ?? ''}`;
    if (event.Output !== undefined) said.set(key, [...(said.get(key) ?? []), event.Output]);
    const of = ended[event.Action];
    if (of === undefined) continue;
    if (event.Action === 'fail' || event.Test === undefined) process.stdout.write((said.get(key) ?? []).join(''));
    if (event.Test !== undefined) of.push(key);
  }
  const [code] = await exited;
  const { pass = [], fail = [], skip = [] } = ended;
  const isSilent = code !== 0 && fail.length === 0;
  return { passed: pass.length, skipped: skip.length, failures: isSilent ? [`${folder}: ended with code ${code}`] : fail, secondTries: [] };
};

export const goTests = async (folders: readonly string[]): Promise<Count> => {
  const counts: Count[] = [];
  for (const folder of folders) counts.push(await goModule(folder));
  return sumOf(counts);
};
