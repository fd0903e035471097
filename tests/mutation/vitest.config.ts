import { defineConfig } from 'vitest/config';

/** The tests that a mutant must fail: those of parts, which start no other process. The slice names its folders. */
const include = (process.env.MUTATION_TESTS ?? 'services/{router,agent}/test/**').split(' ');

export default defineConfig({
  test: {
    include: include.map((folder) => `${folder}/*.test.ts`),
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
