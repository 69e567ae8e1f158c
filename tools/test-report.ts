import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** What `./miosa test` reads of a run of vitest: see `test-suites.ts`. */
export interface TestReport {
  readonly passed: number;
  readonly skipped: number;
  /** By name, with the first line of what went wrong. */
  readonly failures: readonly string[];
  /** Passed, but not at the first try; by name, with what went wrong before. */
  readonly secondTries: readonly string[];
}

const nameOf = (test: TestCase): string => `${test.module.relativeModuleId} > ${test.fullName}`;
const firstLine = (message: string | undefined): string => (message ?? 'no reason was given').split('\n')[0] ?? '';
const failureOf = (name: string, errors: readonly { readonly message: string }[]): string => `${name}: ${firstLine(errors[0]?.message)}`;

/** A file that cannot load and an error that no test caught are failures too, though no test says so. */
export const reportOf = (modules: readonly TestModule[], unhandled: readonly { readonly message: string }[]): TestReport => {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const inState = (state: 'passed' | 'failed' | 'skipped') => tests.filter((test) => test.result().state === state);
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  return {
    passed: inState('passed').length,
    skipped: inState('skipped').length,
    failures: [
      ...inState('failed').map((test) => failureOf(nameOf(test), test.result().errors ?? [])),
      ...suites
        .filter((suite) => suite.errors().length > 0)
        .map((suite) =>
          failureOf(
            suite.type === 'module' ? suite.relativeModuleId : `${suite.module.relativeModuleId} > ${suite.fullName}`,
            suite.errors(),
          ),
        ),
      ...unhandled.map((error) => failureOf('an error no test caught', [error])),
    ],
    secondTries: inState('passed')
      .filter((test) => test.diagnostic()?.flaky)
      .map((test) => failureOf(nameOf(test), test.result().errors ?? [])),
  };
};

/** A reporter that writes the report to a file. */
export const reportTo = (file: string): Reporter => ({
  onTestRunEnd: (modules, unhandled) => writeFileSync(file, JSON.stringify(reportOf(modules, unhandled))),
});
