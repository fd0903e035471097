import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../harness/started-process.ts';
import { missingTest } from './named-tests.ts';

const rows = readFileSync(join(repository, 'docs/deployment-faults.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| \d+ \|/.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));

describe('docs/deployment-faults.md', () => {
  it('docs/deployment-faults.md numbers the faults without a gap, each with its answer', () => {
    expect(rows.map(([number]) => Number(number))).toEqual(rows.map((_, place) => place + 1));
    expect(rows.length).toBeGreaterThanOrEqual(70);
    for (const row of rows) {
      expect(row, row[0]).toHaveLength(4);
      for (const cell of row) expect(cell, row[0]).not.toBe('');
    }
  });

  it.each(rows.map(([number, , , answer]) => [number, answer as string]))(
    'docs/deployment-faults.md has for fault %s a test that exists, or a decision with its reason',
    (_, answer) => {
      if (answer.startsWith('Decision: ')) return void expect(answer.length).toBeGreaterThan(60);
      const [, file, title] = /^`([^`]+)`: (.+)$/.exec(answer) ?? [];
      return void expect(missingTest(file ?? '', title ?? '')).toBeUndefined();
    },
  );
});
