import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../harness/started-process.ts';
import { missingTest } from './named-tests.ts';

const rows = readFileSync(join(repository, 'docs/pains.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| \d+ \|/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('docs/pains.md', () => {
  it('docs/pains.md numbers the pains without a gap, and says where each was reported', () => {
    expect(rows.map(([, number]) => Number(number))).toEqual(rows.map((_, place) => place + 1));
    expect(rows.length).toBeGreaterThanOrEqual(30);
    for (const [, , pain, reported, answer] of rows) {
      expect(pain).not.toBe('');
      expect(reported).toMatch(/#\d+|arXiv/);
      expect(answer).not.toBe('');
    }
  });

  it.each(rows.map(([, number, , , , test]) => [number, test]))(
    'docs/pains.md names a test that exists for pain %s',
    (_, test) => {
      const [, file, title] = /^`([^`]+)`: (.+)$/.exec(test!) ?? [];
      expect(missingTest(file ?? '', title ?? '')).toBeUndefined();
    },
  );
});
