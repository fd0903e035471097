import { describe, expect, it } from 'vitest';
import { userPath } from '../src/index.ts';

describe('userPath', () => {
  const env = { INIT_CWD: '/repo/mine', npm_package_json: '/repo/package.json' };

  it('takes a relative path from the folder in which `npm run` was called', () => {
    expect(userPath('a.yaml', env, '/repo')).toBe('/repo/mine/a.yaml');
    expect(userPath('../a.yaml', env, '/repo')).toBe('/repo/a.yaml');
  });

  it('takes it from the working folder of a process that an npm script started elsewhere', () => {
    expect(userPath('a.yaml', env, '/tmp/x')).toBe('/tmp/x/a.yaml');
  });

  it('takes it from the working folder where there is no npm', () => {
    expect(userPath('a.yaml', {}, '/tmp/x')).toBe('/tmp/x/a.yaml');
  });

  it('leaves an absolute path as it is', () => {
    expect(userPath('/etc/a.yaml', env, '/repo')).toBe('/etc/a.yaml');
  });
});
