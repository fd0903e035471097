import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namingFiles, withPublishedNames } from '../../deploy/published-names.ts';
import { repository } from '../harness/started-process.ts';

const read = (file: string): string => readFileSync(join(repository, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as { version: string; repository: { url: string } };

describe('The owner of the repository and of the images', () => {
  it.each(namingFiles)('%s has the owner and the version of package.json (npm run generate)', (file) => {
    expect(read(file)).toBe(withPublishedNames(read(file), manifest));
  });

  it('the owner of the repository is named in no other file', () => {
    const named = ['github\\.com/[A-Za-z0-9_-]*/parley', 'ghcr\\.io/[A-Za-z0-9_-]*/parley'].flatMap(
      (pattern) =>
        execFileSync('git', ['grep', '-lE', pattern], { cwd: repository, encoding: 'utf8' })
          .trim()
          .split('\n'),
    );
    const apart = ['package.json', 'package-lock.json', 'tests/docs/published-names.test.ts'];
    expect(
      [...new Set(named)].filter((file) => !namingFiles.includes(file) && !apart.includes(file)),
    ).toEqual([]);
  });

  it('the owner of the repository is changed in one place, the URL of the repository in package.json', () => {
    const changed = { version: '1.2.3', repository: { url: 'git+https://github.com/acme/parley.git' } };
    for (const file of namingFiles) {
      const text = withPublishedNames(read(file), changed);
      expect(text).toContain('/acme');
      expect(text).not.toContain('/OWNER');
    }
    const overlay = withPublishedNames(read('deploy/kubernetes/overlays/team/kustomization.yaml'), changed);
    expect(overlay).toContain('newName: ghcr.io/acme/parley-router, newTag: 1.2.3');
  });
});
