import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * Three kinds of tests. Core and edge tests are beside the code that they test. Tests of the whole system are in tests/ and start
 * real processes. tests/compose needs Docker and has a configuration of its own.
 */
export default defineConfig({
  test: {
    // Two at least, on a machine of two cores as well: the tests of the whole system wait more than they work.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'parts',
          setupFiles: ['tests/harness/seed-properties.ts'],
          include: ['{packages,services,apps}/*/test/**/*.test.ts', 'bench/test/**/*.test.ts'],
          // They only end a test that hangs: the machine may do other work.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        test: {
          name: 'whole',
          setupFiles: ['tests/harness/seed-properties.ts'],
          globalSetup: ['tests/harness/built-console.ts'],
          include: ['tests/!(compose|mutation)/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
    ],
  },
});
