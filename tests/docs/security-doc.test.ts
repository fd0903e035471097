import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../harness/started-process.ts';
import { missingTest } from './named-tests.ts';

const text = readFileSync(join(repository, 'docs/security.md'), 'utf8');
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.split('|').length === 5)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, threat]) => threat !== 'threat' && threat !== '');

/** `file`: “title”, “title”; `file`: “title” */
const testsIn = (cell: string) =>
  cell.split('; `').map((part) => ({
    file: /^`?([^`]+)`/.exec(part)?.[1] ?? '',
    titles: [...part.matchAll(/“([^”]+)”/g)].map(([, title]) => title as string),
  }));

describe('the threats of docs/security.md', () => {
  it.each(rows.map(([, threat, , tests]) => [threat as string, tests as string]))(
    'the threat of docs/security.md %s: has a test, which exists',
    (_threat, cell) => {
      const tests = testsIn(cell);
      expect(tests.flatMap(({ titles }) => titles).length).toBeGreaterThan(0);
      for (const { file, titles } of tests) {
        expect(titles.length, `${file} is named without a title`).toBeGreaterThan(0);
        expect(titles.map((title) => missingTest(file, title)).filter(Boolean)).toEqual([]);
      }
    },
  );

  it('docs/security.md has all threats', () => {
    expect(rows.length).toBeGreaterThanOrEqual(22);
  });
});
