import { describe, expect, it } from 'vitest';
import { mayBe, maySendTo } from '../../src/identity/identity.ts';
import { newToken } from '../../src/identity/token-command.ts';
import { readTokens, TokenList } from '../../src/identity/token-list.ts';

const now = Date.now();

const listOf = (text: string): TokenList => {
  const read = readTokens(text);
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  return new TokenList(read.lines);
};
const problemsOf = (text: string): readonly string[] => {
  const read = readTokens(text);
  return 'problems' in read ? read.problems : [];
};

describe('a token list', () => {
  it('the token list takes one word as a token for all clients', () => {
    const identity = listOf('a-shared-token-of-some-length').find('a-shared-token-of-some-length')!;
    expect(identity.role).toBe('operator');
    expect(mayBe(identity, 'any-name')).toBe(true);
    expect(maySendTo(identity, 'any-name')).toBe(true);
  });

  it('the token list binds the token of a line to its names, its role and its targets', () => {
    const { token, line } = newToken(['alice,crowd-*', '--role', 'agent', '--send', 'bob']);
    const identity = listOf(`# people\n\n${line}\r\n`).find(token)!;
    expect(identity.role).toBe('agent');
    expect(['alice', 'crowd-1', 'alice2', 'bob'].map((name) => mayBe(identity, name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([maySendTo(identity, 'bob'), maySendTo(identity, 'carol')]).toEqual([true, false]);
  });

  it('the token list does not accept any other token, not even the hash of one', () => {
    const { token, line } = newToken(['alice']);
    const list = listOf(line);
    const hash = /sha256:(\w+)/.exec(line)![1]!;
    for (const other of [
      '',
      hash,
      `sha256:${hash}`,
      `${token}x`,
      token.slice(0, -1),
      'constructor',
      '__proto__',
    ])
      expect(list.find(other)).toBeUndefined();
  });

  it('the token list makes the identities of withdrawn and changed lines invalid and leaves the others', () => {
    const [alice, bob, carol] = [newToken(['alice']), newToken(['bob']), newToken(['carol'])];
    const list = listOf([alice.line, bob.line, carol.line].join('\n'));
    const before = [alice, bob, carol].map(({ token }) => list.find(token)!);
    const read = readTokens([alice.line, bob.line.replace(' agent ', ' observer ')].join('\n'));
    if ('lines' in read) list.replace(read.lines);
    expect(before.map((identity) => identity.isValid(now))).toEqual([true, false, false]);
    expect(list.find(alice.token)).toBe(before[0]);
    expect(list.find(bob.token)?.role).toBe('observer');
    expect(list.find(carol.token)).toBeUndefined();
  });

  it('the token list names every bad line by its number and repeats no text of it', () => {
    const text = [
      'short-secret',
      'alice agent not-a-hash-but-a-secret',
      'al*ice agent sha256:00',
      'alice king sha256:00',
      `alice agent sha256:${'0'.repeat(64)} sned=bob`,
      `alice agent sha256:${'0'.repeat(64)} send=b*b`,
      `alice agent sha256:${'0'.repeat(64)}`,
    ].join('\n');
    const problems = problemsOf(text);
    expect(problems.map((one) => one.split(':')[0])).toEqual([1, 2, 3, 4, 5, 6].map((n) => `line ${n}`));
    expect(problems.join('\n')).not.toMatch(/secret|king|al\*ice|bob|b\*b/);
  });

  it('a token list without a token is refused', () => {
    expect(problemsOf('# nothing\n\n')).toEqual(['there is no token in it']);
  });
});

describe('parley-router token', () => {
  it('parley-router token makes a different token each time, and a line without the token', () => {
    const [one, other] = [newToken(['alice']), newToken(['alice'])];
    expect(one.token).toMatch(/^parley_[\w-]{43}$/);
    expect(one.token).not.toBe(other.token);
    expect(one.line).toMatch(/^alice agent sha256:[0-9a-f]{64}$/);
  });

  it.each([
    { args: [] },
    { args: ['al ice'] },
    { args: ['a*b'] },
    { args: ['alice', 'bob'] },
    { args: ['alice', '--role', 'king'] },
    { args: ['alice', '--send', ''] },
    { args: ['alice', '--rôle', 'agent'] },
  ])('parley-router token explains its usage when it is called with $args', ({ args }) => {
    expect(() => newToken(args)).toThrow(/usage: parley-router token/);
  });
});
