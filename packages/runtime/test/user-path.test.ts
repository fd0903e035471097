import { describe, expect, it } from 'vitest';
import { userPath } from '../src/index.ts';

describe('userPath', () => {
  const env = { INIT_CWD: '/repo/mine', npm_package_json: '/repo/package.json' };

  it('userPath resolves a relative path against the folder in which `npm run` was called', () => {
    expect(userPath('a.yaml', env, '/repo')).toBe('/repo/mine/a.yaml');
    expect(userPath('../a.yaml', env, '/repo')).toBe('/repo/a.yaml');
  });

  it('userPath resolves against the working folder of a process that an npm script started elsewhere', () => {
    expect(userPath('a.yaml', env, '/tmp/x')).toBe('/tmp/x/a.yaml');
  });

  it('userPath resolves against the working folder when there is no npm', () => {
    expect(userPath('a.yaml', {}, '/tmp/x')).toBe('/tmp/x/a.yaml');
  });

  it('userPath returns an absolute path unchanged', () => {
    expect(userPath('/etc/a.yaml', env, '/repo')).toBe('/etc/a.yaml');
  });
});
