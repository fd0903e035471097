import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endings, policyNames } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { repository } from '../harness/started-process.ts';

const read = (path: string): string => readFileSync(join(repository, path), 'utf8');

/** The recipes of CONTRIBUTING.md: title, and the paths that its steps name. */
const recipes = read('CONTRIBUTING.md')
  .split(/^### (?=Add )/m)
  .slice(1)
  .map((part) => {
    const title = part.split('\n', 1)[0] as string;
    const steps = part.split(/^## /m, 1)[0] as string;
    const paths = [...steps.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/?)`/g)].map(([, path]) => path as string);
    return { title, steps, paths: paths.filter((path) => /\/|\.(md|ts|html)$/.test(path)) };
  });

const recipe = (title: string) => {
  const found = recipes.find((one) => one.title === title);
  if (!found) throw new Error(`CONTRIBUTING.md has no recipe: ${title}`);
  return found;
};

/** The text of a file, or of all files in a folder. */
const contents = (path: string): string =>
  path.endsWith('/')
    ? globSync(`${path}**/*.{ts,yaml,md}`, { cwd: repository }).map(read).join('\n')
    : read(path);

/** The places, besides tests, that a recipe lists and where one of the words does not stand. */
const without = (title: string, words: readonly string[]): string[] =>
  recipe(title)
    .paths.filter((path) => !path.includes('test'))
    .flatMap((path) =>
      words.filter((word) => !contents(path).includes(word)).map((word) => `${path} has no ${word}`),
    );

describe('A recipe of CONTRIBUTING.md', () => {
  it('CONTRIBUTING.md has a recipe for each kind of addition', () => {
    expect(recipes.map(({ title }) => title)).toEqual([
      'Add a policy',
      'Add an ending',
      'Add a frame',
      'Add a setting',
      'Add a metric',
      'Add a model adapter',
      'Add a ledger',
      'Add a page to the console',
    ]);
  });

  it.each(recipes.map(({ title, paths }) => [title, paths] as const))(
    'the recipe of CONTRIBUTING.md names files and folders that exist: %s',
    (_title, paths) => {
      expect(paths.length).toBeGreaterThanOrEqual(4);
      expect(paths.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
    },
  );

  it('the recipe for a policy lists every place of each present policy', () => {
    // The default needs no name in a scenario.
    expect(without('Add a policy', policyNames)).toEqual(['scenarios/ has no addressed']);
  });

  it('the recipe for an ending lists every place of each present ending', () => {
    // Acts and failures end a conversation elsewhere in the core.
    const decidedElsewhere = ['agent-left', 'absent', 'operator'];
    expect(without('Add an ending', endings)).toEqual(
      endings
        .filter((ending) => decidedElsewhere.includes(ending))
        .map((ending) => `services/router/src/core/endings/endings.ts has no ${ending}`),
    );
    for (const ending of endings) expect(contents('services/router/src/core/')).toContain(`'${ending}'`);
  });
});
