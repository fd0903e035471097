import { closeSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigError, makeLogger } from '@parley/runtime';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Verdict } from '../../src/identity/authenticator.ts';
import {
  type AuthenticatorSettings,
  configuredAuthenticator,
} from '../../src/identity/configured-authenticator.ts';
import { newToken } from '../../src/identity/token-command.ts';

const nothing: AuthenticatorSettings = {
  tokens: undefined,
  tokensFile: undefined,
  jwtKey: undefined,
  jwks: undefined,
  jwtIssuer: undefined,
  jwtAudience: undefined,
};
const log = makeLogger('router', 'silent');
const authenticatorOf = (settings: Partial<AuthenticatorSettings>) =>
  configuredAuthenticator({ ...nothing, ...settings }, Date.now, log);

const problemOf = (settings: Partial<AuthenticatorSettings>): string => {
  try {
    authenticatorOf(settings);
    return 'none';
  } catch (error) {
    return (error as ConfigError).problems.join('\n');
  }
};

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'parley-identity-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
};

describe('the authenticator', () => {
  it('there is no authenticator when neither tokens nor keys are configured', () => {
    expect(authenticatorOf({})).toBeUndefined();
  });

  it('the authenticator refuses clients without a token', () => {
    const authenticator = authenticatorOf({ tokens: 'a-shared-token-of-some-length' });
    expect(authenticator?.identify(undefined)).toMatchObject({ ok: false, code: 'unauthenticated' });
    expect(authenticator?.identify('a-shared-token-of-some-length')).toMatchObject({ ok: true });
  });

  describe('that follows its file', () => {
    const [alice, bob] = [newToken(['alice']), newToken(['bob'])];
    const both = `${alice.line}\n${bob.line}\n`;
    const follow = (path: string) => {
      const authenticator = authenticatorOf({ tokens: both, tokensFile: path })!;
      const identify = (token: string) => authenticator.identify(token) as Verdict;
      const before = identify(alice.token);
      expect(before.ok && identify(bob.token).ok).toBe(true);
      const withdrawn = () =>
        vi.waitFor(() => expect(identify(alice.token).ok).toBe(false), { timeout: 60_000, interval: 20 });
      const isValid = () => before.ok && before.identity.isValid(Date.now());
      return { identify, withdrawn, isValid };
    };
    const replaced = (path: string, text: string) => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    };

    it.each<[string, (path: string) => void, boolean]>([
      ['its line is deleted, in the same file', (path) => writeFileSync(path, bob.line), true],
      ['its line is deleted, in a file put in its place', (path) => replaced(path, bob.line), true],
      ['its line gets a slip', (path) => replaced(path, `${alice.line.slice(0, -1)}\n${bob.line}`), true],
      ['it is deleted beside a line with a slip', (path) => replaced(path, `bob agent x\n${bob.line}`), true],
      ['it is the last one', (path) => replaced(path, '# no tokens\n'), false],
      ['the file is emptied', (path) => writeFileSync(path, ''), false],
      ['the file is deleted', (path) => rmSync(path), false],
    ])(
      'the authenticator refuses a token and ends its identity when %s, and other tokens stay valid',
      async (_when, change, stays) => {
        const path = join(folder(), 'tokens');
        writeFileSync(path, both);
        const { identify, withdrawn, isValid } = follow(path);
        change(path);
        await withdrawn();
        expect([isValid(), identify(bob.token).ok]).toEqual([false, stays]);
      },
    );

    it('the authenticator detects that a file which is mounted alone was replaced outside, although its inode is the same', async () => {
      const path = join(folder(), 'tokens');
      writeFileSync(path, both);
      const mounted = openSync(path, 'r');
      onTestFinished(() => closeSync(mounted));
      const { withdrawn } = follow(`/proc/self/fd/${mounted}`);
      replaced(path, bob.line);
      await withdrawn();
    });

    it('the authenticator accepts new tokens, and tokens that were missing from the file for some time', async () => {
      const path = join(folder(), 'tokens');
      writeFileSync(path, both);
      const { identify, withdrawn } = follow(path);
      rmSync(path);
      await withdrawn();
      const carol = newToken(['carol']);
      writeFileSync(path, `${alice.line}\n${carol.line}`);
      await vi.waitFor(() => expect(identify(carol.token).ok).toBe(true), { timeout: 60_000, interval: 20 });
      expect(identify(alice.token).ok).toBe(true);
    });
  });

  it.each([
    ['a short shared token', { tokens: 'short' }, /ROUTER_TOKENS: line 1: a shared token has at least 16/],
    [
      'both a key and a key set',
      { jwtKey: 'k'.repeat(32), jwks: 'x' },
      /ROUTER_JWT_KEY: set this or ROUTER_JWKS/,
    ],
    ['a short key', { jwtKey: 'short' }, /ROUTER_JWT_KEY: a shared secret has at least/],
    ['a key set without an audience', { jwks: 'https://id.example/jwks' }, /needs ROUTER_JWT_AUDIENCE/],
    [
      'a key set over a connection that others can change',
      { jwks: 'http://id.example/jwks', jwtAudience: 'parley' },
      /expected an https URL/,
    ],
    [
      'a key set file that is not there',
      { jwks: '/nowhere', jwtAudience: 'parley' },
      /ROUTER_JWKS: \/nowhere/,
    ],
  ])('the authenticator is not created with %s', (_what, settings, problem) => {
    expect(problemOf(settings)).toMatch(problem);
  });

  it('the authenticator reads a key set from https, and from http on this machine', () => {
    for (const jwks of ['https://id.example/jwks', 'http://127.0.0.1:8080/jwks', 'http://localhost/jwks'])
      expect(problemOf({ jwks, jwtAudience: 'parley' })).toBe('none');
  });
});
