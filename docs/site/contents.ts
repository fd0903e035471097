import { globSync } from 'node:fs';
import { basename } from 'node:path';

/** A page of the site: its file in the repository, or a page that is made from code. */
interface PageSource {
  /** `docs/cli.md`; for a page that is made from code the name under which links find it: `reference/settings.md`. */
  readonly path: string;
  /** The text in the list of pages; default: the first heading. */
  readonly name?: string;
}

export interface Section {
  readonly title: string;
  readonly pages: readonly PageSource[];
}

const docs = (...names: readonly string[]): PageSource[] =>
  names.map((name) => ({ path: `docs/${name}.md` }));

/** Every page, in the order in which the site lists them. A document that has no place yet stands at the end. */
export const contents = (repository: string): readonly Section[] => {
  const placed = sections(repository);
  const listed = new Set(placed.flatMap(({ pages }) => pages.map(({ path }) => path)));
  const others = globSync(['docs/*.md', 'docs/how-to/*.md'], { cwd: repository })
    .filter((path) => !listed.has(path))
    .toSorted()
    .map((path) => ({ path }));
  return others.length === 0 ? placed : [...placed, { title: 'More', pages: others }];
};

const sections = (repository: string): readonly Section[] => [
  {
    title: 'Begin',
    pages: [{ path: 'README.md', name: 'Parley' }, ...docs('tutorial', 'console', 'errors')],
  },
  {
    title: 'How to',
    pages: docs(
      'how-to/real-model',
      'how-to/local-model',
      'how-to/agent-in-python',
      'how-to/agent-in-typescript',
      'how-to/scenario',
      'how-to/policy',
      'how-to/test-a-bot',
      'how-to/read-metrics',
      'how-to/deploy',
    ),
  },
  {
    title: 'Reference',
    pages: [
      ...docs('cli', 'scenarios'),
      { path: 'reference/scenario-keys.md' },
      { path: 'reference/settings.md' },
      { path: 'reference/http.md' },
      { path: 'reference/frames.md' },
      { path: 'PROTOCOL.md', name: 'Protocol' },
      ...docs('agents', 'metrics', 'exports', 'traces'),
    ],
  },
  {
    title: 'Explanation',
    pages: docs('why', 'architecture', 'glossary', 'ledger', 'pains', 'hostile', 'external-suites'),
  },
  {
    title: 'Operation',
    pages: docs(
      'operations',
      'scaling',
      'kubernetes',
      'jetstream',
      'runbooks',
      'security',
      'deployment-faults',
    ),
  },
  {
    title: 'Project',
    pages: [
      { path: 'CONTRIBUTING.md' },
      { path: 'CHANGELOG.md' },
      { path: 'SECURITY.md', name: 'Report a fault' },
      ...globSync('docs/adr/*.md', { cwd: repository })
        .toSorted()
        .map((path) => ({ path, name: `ADR ${Number(basename(path).slice(0, 4))}` })),
    ],
  },
];

/** The file of a page in the site. The README is what a reader sees first. */
export const fileOf = (path: string): string => {
  if (path === 'README.md') return 'index.html';
  // Two documents may differ in the case of their names only: SECURITY.md and docs/security.md.
  const inSite = /^(docs|reference)\//.test(path)
    ? path.replace(/^docs\//, '')
    : `project/${path.toLowerCase()}`;
  return inSite.replace(/\.md$/, '.html');
};
