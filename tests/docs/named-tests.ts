import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../harness/started-process.ts';

/** `it('…'`, `test.each(…)('…'`, `check('2.1', '…'`, `withTokens('12.1', \`…\``: the calls that define a test. */
const definition =
  /\b(it|test|describe|check|restarting|with[A-Z]\w*|without[A-Z]\w*)((?:\.\w+)*)\s*\(\s*(?:'[\d. ]+',\s*)?(['"`])((?:\\.|(?!\3)[^\\])*)\3/g;
/** The title behind a table: `it.each([…])('…'`, `describe.skipIf(…)('…'`. */
const afterTable = /^\s*\]?\)+\s*\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/gm;
const behindCall = /\)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;

/** A case of the hostile corpus. */
const hostileCase = /\btitle: (['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
/** A seed is not a part of what a document quotes. */
const withoutSeed = (title: string): string => title.replace(/ \(PARLEY_SEED=\$\{\w+\}\)$/, '');

const unescaped = (title: string): string => withoutSeed(title.replaceAll(/\\(['"`\\])/g, '$1'));

/**
 * The titles of the tests that a file defines and runs, read from its source. A title with a variable in it stands as it is
 * written. Undefined: there is no such file.
 */
const titlesIn = (file: string): ReadonlySet<string> | undefined => {
  const path = join(repository, file);
  if (!existsSync(path)) return undefined;
  const source = readFileSync(path, 'utf8');
  const titles = new Set<string>();
  for (const [, , modifiers, , title] of source.matchAll(definition))
    if (!/\.(skip|todo)\b(?!If)/.test(modifiers as string)) titles.add(unescaped(title as string));
  for (const pattern of [afterTable, behindCall, hostileCase])
    for (const [, , title] of source.matchAll(pattern)) titles.add(unescaped(title as string));
  return titles;
};

/** Why a document may not say that a test of this title is in the file; undefined when it may. */
export const missingTest = (file: string, title: string): string | undefined => {
  const titles = titlesIn(file);
  if (titles === undefined) return `there is no file ${file}`;
  return titles.has(title) ? undefined : `${file} has no test “${title}”`;
};
