import { defineConfig } from 'vitest/config';

/** `unit`: rules beside the code and routes in process on a real database. `platform`: black box against a running platform (tests/). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/**/*.test.{ts,tsx}', 'apps/**/*.test.ts', 'drivers/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.root.test.ts'],
          globalSetup: ['packages/db/src/test-server.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
