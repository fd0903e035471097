import { defineConfig } from 'vitest/config';

/**
 * The tests of which one must fail for each mutant: the project `parts`, which starts no other process. The slice names
 * them.
 */
const include = (process.env.MUTATION_TESTS ?? 'services/{router,agent}/test/**/*.test.ts').split(' ');

export default defineConfig({
  test: {
    include,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
