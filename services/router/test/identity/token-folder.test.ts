import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tokenCommand } from '../../src/identity/token-command.ts';
import { digestOf, readTokens } from '../../src/identity/token-list.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-tokens-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const issue = (...args: string[]) => tokenCommand([...args, '--into', folder]);
const tokenOf = (name: string) => readFileSync(join(folder, name, 'token'), 'utf8');
const accepted = () => {
  const read = readTokens(readFileSync(join(folder, 'router/tokens'), 'utf8'));
  if ('problems' in read) throw new Error(read.problems.join());
  return read.lines.map(({ names, role, digest }) => [names.join(), role, digest.toString('hex')]);
};
const digest = (token: string) => digestOf(token).toString('hex');

describe('tokens that are kept in a folder', () => {
  it('each token in a folder has a file of its own, and the router reads only digests', () => {
    issue('alice');
    issue('crowd-*', '--role', 'agent', '--send', 'host');
    issue('prometheus', '--role', 'observer');
    expect(readdirSync(folder).sort()).toEqual(['alice', 'crowd-', 'prometheus', 'router']);
    expect(accepted()).toEqual([
      ['alice', 'agent', digest(tokenOf('alice'))],
      ['crowd-*', 'agent', digest(tokenOf('crowd-'))],
      ['prometheus', 'observer', digest(tokenOf('prometheus'))],
    ]);
    expect(statSync(join(folder, 'alice/token')).mode & 0o777).toBe(0o400);
    expect(statSync(join(folder, 'alice')).mode & 0o777).toBe(0o700);
  });

  it('a new token of the same names replaces the one in the folder, and no output shows a token', () => {
    issue('alice');
    const before = tokenOf('alice');
    issue('bob');
    const told = JSON.stringify(issue('alice'));
    expect(tokenOf('alice')).not.toBe(before);
    expect(told).not.toContain(tokenOf('alice'));
    expect(accepted().map(([name, , hex]) => [name, hex])).toEqual([
      ['bob', digest(tokenOf('bob'))],
      ['alice', digest(tokenOf('alice'))],
    ]);
  });

  it('a token in a folder is withdrawn completely', () => {
    issue('alice');
    issue('bob');
    issue('alice', '--withdraw');
    expect(readdirSync(folder).sort()).toEqual(['bob', 'router']);
    expect(accepted().map(([name]) => name)).toEqual(['bob']);
  });

  it('a token in a folder is refused for names that give no folder name, and a withdrawal needs a folder', () => {
    expect(() => issue('*')).toThrow(/gives no name for a folder/);
    expect(() => issue('router')).toThrow(/the router's own list/);
    expect(() => tokenCommand(['alice', '--withdraw'])).toThrow(/only with --into/);
  });
});
