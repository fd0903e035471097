/**
 * Makes a release: `npm run release -- 0.2.0`. Sets the version of every workspace, moves what is under [Unreleased] in
 * CHANGELOG.md below the new version, commits, and tags. It pushes nothing; the workflow that publishes runs on the tag.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const fail = (problem: string): never => {
  process.stderr.write(`release: ${problem}\n`);
  process.exit(1);
};
const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

const parts = (version: string): readonly number[] | undefined =>
  /^(\d+)\.(\d+)\.(\d+)$/.exec(version)?.slice(1).map(Number);
const isNewer = (next: readonly number[], now: readonly number[]): boolean => {
  const at = next.findIndex((part, index) => part !== now[index]);
  return at >= 0 && (next[at] as number) > (now[at] as number);
};

interface Manifest {
  version: string;
}
const readManifest = (file: string): Manifest => JSON.parse(readFileSync(file, 'utf8')) as Manifest;

const [version = '', ...rest] = process.argv.slice(2);
const root = readManifest('package.json');
const next = parts(version);
if (!next || rest.length > 0) fail('expected one version, such as 0.2.0');
else if (!isNewer(next, parts(root.version) ?? [])) fail(`${version} is not newer than ${root.version}`);
if (git('status', '--porcelain') !== '') fail('there are changes that are not committed');

const changelog = readFileSync('CHANGELOG.md', 'utf8');
const [head, unreleased = '', ...older] = changelog.split(/^(?=## \[)/m);
const notes = unreleased.replace(/^## \[Unreleased\]\s*/, '').trim();
if (!unreleased.startsWith('## [Unreleased]') || notes === '')
  fail('CHANGELOG.md says nothing under [Unreleased]');

const date = new Date().toISOString().slice(0, 10);
writeFileSync(
  'CHANGELOG.md',
  [head, '## [Unreleased]\n\n', `## [${version}] - ${date}\n\n${notes}\n\n`, ...older]
    .join('')
    .trimEnd()
    .concat('\n'),
);
// Also those that are no workspace, such as tests/mutation.
const manifests = git('ls-files', 'package.json', '*/package.json').split('\n');
for (const file of manifests) {
  writeFileSync(file, `${JSON.stringify({ ...readManifest(file), version }, null, 2)}\n`);
}
// npm would ask the registry about every package to write the same few lines.
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Manifest & {
  packages: Record<string, { version?: string }>;
};
lock.version = version;
for (const file of manifests) {
  const own = lock.packages[dirname(file) === '.' ? '' : dirname(file)];
  if (own) own.version = version;
}
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);

// The tags of the images in the files for Kubernetes.
execFileSync(process.execPath, ['deploy/published-names.ts']);

git('add', '--all');
git('commit', '--quiet', '-m', `release: ${version}`, '-m', notes);
git('tag', '-a', `v${version}`, '-m', `Parley ${version}`);
process.stdout.write(`${version} is committed and tagged: git push --follow-tags publishes it\n`);
