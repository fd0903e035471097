import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { repository } from '../harness/started-process.ts';

/** Rules that the linter names in a file with this code, under the configuration of the repository. */
const found = (code: string): string[] => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-lint-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'tsconfig.json'), '{"compilerOptions":{"strict":true},"files":["planted.ts"]}');
  writeFileSync(join(folder, 'planted.ts'), code);
  const { stdout, stderr } = spawnSync(
    join(repository, 'node_modules/.bin/oxlint'),
    ['-c', join(repository, '.oxlintrc.json'), '--type-aware', '--format', 'unix', folder],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return [...stdout.matchAll(/typescript\(([a-z-]+)\)/g)].map(([, rule]) => rule as string);
};

describe('the lint of promises', () => {
  it.each([
    [
      'a second promise of one that is returned',
      `export const handle = (work: () => Promise<{ status: number }>) => {
         const answer = work();
         answer.then(({ status }) => status >= 500 && console.log(status));
         return answer;
       };`,
      'no-floating-promises',
    ],
    [
      'a promise that `void` hides',
      'export const start = (work: () => Promise<void>): void => { void work(); };',
      'no-floating-promises',
    ],
    [
      'an async function where nothing waits for it',
      `export const watch = (on: (call: () => void) => void, work: () => Promise<void>) => {
         on(async () => { await work(); });
       };`,
      'no-misused-promises',
    ],
  ])('the lint of promises finds %s', (_what, code, rule) => {
    expect(found(code)).toEqual([rule]);
  });

  it('the lint of promises accepts a promise whose failure is handled', () => {
    const code = 'export const start = (work: () => Promise<void>) => { work().catch(console.error); };';
    expect(found(code)).toEqual([]);
  });
});
