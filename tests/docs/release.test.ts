import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../harness/parley.ts';
import { repository } from '../harness/started-process.ts';

/** A clone of the repository, as it is committed, with the release script of the working tree. */
const clone = () => {
  const folder = join(temporaryFolder(), 'clone');
  execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${repository}`, folder]);
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      cwd: folder,
      encoding: 'utf8',
    }).trim();
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  write('release.ts', readFileSync(join(repository, 'release.ts'), 'utf8'));
  write(
    'CHANGELOG.md',
    '# Changelog\n\n## [Unreleased]\n\n### Added\n- One thing.\n\n## [0.0.1] - 2026-01-01\n\n- Old.\n',
  );
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '-m', 'ready');
  const release = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['release.ts', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@b',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a@b',
      },
    });
  return { git, read, write, release };
};

describe('npm run release', () => {
  it('npm run release sets the version everywhere, moves the changelog, commits and tags', () => {
    const { git, read, release } = clone();
    const { status, stderr } = release('97.0.0');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const manifests = git('ls-files', '*package.json').split('\n');
    expect(manifests.length).toBeGreaterThan(5);
    expect(manifests.map((file) => JSON.parse(read(file)).version)).toEqual(manifests.map(() => '97.0.0'));
    expect(JSON.parse(read('package-lock.json')).version).toBe('97.0.0');
    expect(read('CHANGELOG.md')).toMatch(
      /^# Changelog\n\n## \[Unreleased\]\n\n## \[97\.0\.0\] - \d{4}-\d\d-\d\d\n\n### Added\n- One thing\.\n\n## \[0\.0\.1\]/,
    );
    expect(git('status', '--porcelain')).toBe('');
    expect(git('describe', '--tags')).toBe('v97.0.0');
  });

  it.each([
    [['0.0.1'], /not newer/],
    [['new'], /expected one version/],
    [[], /expected one version/],
  ])('npm run release refuses %j and changes nothing', (args, problem) => {
    const { git, release } = clone();
    const { status, stderr } = release(...args);
    expect(status).toBe(1);
    expect(stderr).toMatch(problem);
    expect(git('status', '--porcelain')).toBe('');
  });

  it('npm run release refuses a tree with changes and a changelog without news', () => {
    const { git, write, release } = clone();
    write('CHANGELOG.md', '# Changelog\n\n## [Unreleased]\n\n## [0.0.1] - 2026-01-01\n');
    expect(release('97.0.0').stderr).toMatch(/not committed/);
    git('commit', '--quiet', '--all', '-m', 'no news');
    expect(release('97.0.0').stderr).toMatch(/says nothing/);
  });
});
