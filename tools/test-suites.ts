import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

let current: ChildProcess | undefined;
let stopped = false;

/** Asks the running suite to end; its own clean-up runs, later suites do not. */
export const stopSuites = (): void => {
  stopped = true;
  current?.kill('SIGINT');
};
export const isStopped = (): boolean => stopped;

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const readReport = (file: string): VitestReport | null => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
};

/** A run that dies, an unhandled error or a file that cannot load is a failure too, though no test says so. */
export const vitestProjects = async (projects: readonly string[], work: string): Promise<Count> => {
  const file = join(work, `${projects.join('-')}.json`);
  const args = [
    'run',
    ...projects.flatMap((name) => ['--project', name]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  current = child;
  const [code] = await once(child, 'exit');
  const report = readReport(file);
  if (report === null) return { passed: 0, failed: 1, skipped: 0 };
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
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
  const count = { passed: 0, failed: 0, skipped: 0 };
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
    if (!['pass', 'fail', 'skip'].includes(event.Action)) continue;
    if (event.Action === 'fail' || event.Test === undefined) process.stdout.write((said.get(key) ?? []).join(''));
    if (event.Test !== undefined) count[event.Action === 'pass' ? 'passed' : event.Action === 'fail' ? 'failed' : 'skipped'] += 1;
  }
  const [code] = await exited;
  return code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
};

export const goTests = async (folders: readonly string[]): Promise<Count> => {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const folder of folders) {
    const count = await goModule(folder);
    total.passed += count.passed;
    total.failed += count.failed;
    total.skipped += count.skipped;
  }
  return total;
};
