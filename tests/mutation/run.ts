/**
 * `npm run mutation -- [SLICE]… [FILE]… [--static]`: plants faults in the sources, one at a time, and counts those that a test
 * notices. With files, only in these files of the slices: `npm run mutation -- core services/router/src/core/endings/endings.ts`.
 * With `--static` also in constants, such as regular expressions: slower, because each needs all tests of its slice.
 * StrykerJS has a package.json of its own here, so that an installation of Parley does not bring it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { repository } from '../harness/started-process.ts';

/** What is changed, and the tests that must notice: folders, and files without `.test.ts`. */
interface Slice {
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

const router = 'services/router';
const agent = 'services/agent';

const slices: Readonly<Record<string, Slice>> = {
  core: {
    mutate: [`${router}/src/core/**/*.ts`],
    tests: [`${router}/test/core`, `${router}/test/visibility`],
  },
  turns: { mutate: [`${router}/src/turns/**/*.ts`], tests: [`${router}/test/turns`, `${router}/test/quota`] },
  quota: { mutate: [`${router}/src/quota/*.ts`], tests: [`${router}/test/quota`] },
  'shared-pools': { mutate: [`${router}/src/quota/shared/*.ts`], tests: [`${router}/test/quota/shared`] },
  conversations: {
    mutate: [`${router}/src/conversations/**/*.ts`],
    tests: [`${router}/test/conversations`, `${router}/test/turns`],
  },
  delivery: { mutate: [`${router}/src/delivery/**/*.ts`], tests: [`${router}/test/delivery`] },
  text: { mutate: ['packages/text/src/*.ts'], tests: ['packages/text/test'] },
  agent: {
    mutate: [`${agent}/src/{memory,prompt,text,turns}/*.ts`],
    tests: [
      ...[`${agent}/test/memory/transcript`, `${agent}/test/memory/prompt-log`],
      ...[`${agent}/test/prompt`, `${agent}/test/text`, `${agent}/test/turns`],
    ],
  },
};

const testsIn = (place: string): string =>
  existsSync(join(repository, `${place}.test.ts`)) ? `${place}.test.ts` : `${place}/*.test.ts`;

const folder = join(repository, 'tests/mutation');

const measure = (name: string, { mutate, tests }: Slice, isStatic: boolean): boolean => {
  const reports = join(repository, '.mutation');
  mkdirSync(reports, { recursive: true });
  const settings = {
    testRunner: 'vitest',
    plugins: [join(folder, 'node_modules/@stryker-mutator/vitest-runner/dist/src/index.js')],
    vitest: { configFile: 'tests/mutation/vitest.config.ts', related: false },
    mutate,
    reporters: ['progress-append-only', 'clear-text', 'json'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    jsonReporter: { fileName: `.mutation/${name}.json` },
    concurrency: 2,
    coverageAnalysis: 'perTest',
    // A mutant of a constant needs a new process for each test run.
    ignoreStatic: !isStatic,
    // A file that does not exist: TypeScript 7 has no JavaScript API, which Stryker wants to check the types with.
    tsconfigFile: 'tests/mutation/none.json',
    // Of the repository, and ignored by git: the modules of the sandbox must be found from there.
    tempDirName: '.mutation/sandbox',
    incremental: true,
    incrementalFile: `.mutation/${name}.incremental.json`,
  };
  const file = join(reports, `${name}.config.json`);
  writeFileSync(file, JSON.stringify(settings, null, 2));
  const stryker = join(folder, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const { status } = spawnSync(process.execPath, [stryker, 'run', relative(repository, file)], {
    cwd: repository,
    env: { ...process.env, MUTATION_TESTS: tests.map(testsIn).join(' ') },
    stdio: 'inherit',
  });
  return status === 0;
};

const isStatic = process.argv.includes('--static');
const given = process.argv.slice(2).filter((word) => word !== '--static');
const files = given.filter((word) => word.endsWith('.ts'));
const names = given.filter((word) => !files.includes(word));
const unknown = names.filter((name) => !(name in slices));
if (unknown.length > 0) {
  process.stderr.write(`no slice ${unknown.join(', ')}: expected ${Object.keys(slices).join(', ')}\n`);
  process.exit(2);
}
if (!existsSync(join(folder, 'node_modules'))) {
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
const wanted = names.length > 0 ? names : Object.keys(slices);
const failed = wanted.filter((name) => {
  const slice = slices[name] as Slice;
  return !measure(name, files.length > 0 ? { ...slice, mutate: files } : slice, isStatic);
});
process.exitCode = failed.length > 0 ? 1 : 0;
