import { defineConfig } from 'vitest/config';

/**
 * The tests of which one must fail for each mutant: the project `parts`, which starts no other process. The slice names the
 * folders.
 */
const include = (process.env.MUTATION_TESTS ?? 'services/{router,agent}/test/**').split(' ');

export default defineConfig({
  test: {
    include: include.map((folder) => `${folder}/*.test.ts`),
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
