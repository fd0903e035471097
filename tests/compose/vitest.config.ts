import { defineConfig } from 'vitest/config';

/** The tests that need a Docker engine. One at a time: each has a deployment of its own. */
export default defineConfig({
  test: {
    name: 'compose',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: './build-images.ts',
    fileParallelism: false,
    // They only end a test that hangs: the machine may do other work.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
