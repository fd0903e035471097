import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongFilesFirst } from './tests/harness/long-files-first.ts';

/** Node keeps what it has compiled: a router or an agent that a test starts is up in half the time. */
const env = { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compiled') };

/**
 * Three kinds of tests. Core and edge tests are beside the code that they test. Tests of the whole system are in tests/ and start
 * real processes. tests/compose needs Docker and has a configuration of its own.
 */
export default defineConfig({
  test: {
    // Two at least, on a machine of two cores as well: the tests of the whole system wait more than they work.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        test: {
          name: 'parts',
          env,
          globalSetup: ['tests/harness/compiled-programs.ts'],
          setupFiles: ['tests/harness/seed-properties.ts'],
          include: ['{packages,services,apps}/*/test/**/*.test.ts', 'bench/test/**/*.test.ts'],
          // They only end a test that hangs: the machine may do other work.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        test: {
          name: 'whole',
          env,
          setupFiles: ['tests/harness/seed-properties.ts'],
          globalSetup: ['tests/harness/built-console.ts', 'tests/harness/compiled-programs.ts'],
          include: ['tests/!(compose|mutation)/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
});
