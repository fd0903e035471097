import { defineConfig } from 'vitest/config';

/** The tests that need a Docker engine. One at a time: each has a deployment of its own. */
export default defineConfig({
  test: {
    name: 'compose',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: './build-images.ts',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
