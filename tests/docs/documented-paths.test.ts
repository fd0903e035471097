import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../harness/started-process.ts';

const roots = 'apps|bench|deploy|docs|packages|scenarios|services|tests';

/** The paths from the root of the repository that a document names in backticks. */
const pathsIn = (document: string): string[] => {
  const text = readFileSync(join(repository, document), 'utf8');
  const named = [...text.matchAll(new RegExp(`\`((?:${roots})/[\\w./-]+)\``, 'g'))].map(([, path]) => path!);
  return [...new Set(named)];
};

describe('The paths that a document names', () => {
  it.each([
    ['README.md', 0],
    ['CONTRIBUTING.md', 20],
    ['docs/architecture.md', 30],
    ['docs/glossary.md', 5],
    ['docs/metrics.md', 0],
    ['docs/scenarios.md', 0],
    ['docs/hostile.md', 2],
    ['docs/external-suites.md', 2],
  ])('the paths that %s names exist', (document, least) => {
    const paths = pathsIn(document);
    expect(paths.length).toBeGreaterThanOrEqual(least);
    expect(paths.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
  });
});
