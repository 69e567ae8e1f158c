import { defineConfig } from 'vitest/config';
import { reportTo } from './tools/test-report.ts';

const NOT_MODULES = '**/node_modules/**';
/** Of a poll that does not say how long: a loaded machine must not decide. */
const WAITS = { poll: { timeout: 30_000 } };
/** Of tests/, what needs no platform. */
const IN_PROCESS = 'tests/security/{matrix,fuzz}/**/*.test.ts';

/**
 * `unit`: rules beside the code and routes in process on a real database. `rules`: house rules. `root`: runner and driver, need root.
 * `platform`: black box against one running platform (tests/). `faults`: the same, but each file owns its platform and
 * breaks it, or needs it set up in its own way.
 */
export default defineConfig({
  test: {
    // `./miosa test` adds up the reports of its suites.
    reporters: ['default', ...(process.env.MIOSA_TEST_REPORT === undefined ? [] : [reportTo(process.env.MIOSA_TEST_REPORT)])],
    projects: [
      {
        test: {
          name: 'unit',
          expect: WAITS,
          include: [
            'packages/**/*.test.{ts,tsx}',
            'apps/**/*.test.ts',
            'drivers/**/*.test.ts',
            'examples/**/*.test.{ts,tsx}',
            'bench/**/*.test.ts',
            'templates/**/*.test.ts',
            IN_PROCESS,
          ],
          exclude: [NOT_MODULES, '**/*.root.test.ts'],
          globalSetup: ['packages/db/src/test-server.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'rules', include: ['tools/**/*.test.ts'], exclude: [NOT_MODULES], testTimeout: 30_000 } },
      {
        test: {
          name: 'root',
          expect: WAITS,
          include: ['apps/**/*.root.test.ts', 'drivers/**/*.root.test.ts'],
          exclude: [NOT_MODULES],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'platform',
          expect: WAITS,
          include: ['tests/{acceptance,security,e2e}/**/*.test.{ts,tsx}'],
          exclude: [NOT_MODULES, IN_PROCESS],
          globalSetup: ['tests/harness/global-setup.ts'],
          // Each file already keeps both cores of the smallest machine busy; more at once only makes time-outs.
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'faults',
          expect: WAITS,
          include: ['tests/{faults,seeds}/**/*.test.ts'],
          exclude: [NOT_MODULES],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
