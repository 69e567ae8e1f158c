import { defineConfig } from 'vitest/config';

/** Against the real runner: needs root, the agent, the launch helper and the base template. Not part of `unit`. */
// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from there.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['src/**/*.root.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
