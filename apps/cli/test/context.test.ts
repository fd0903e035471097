import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { routerOf } from '../src/api/named-router.ts';
import { parley } from './command-line.ts';

const home = mkdtempSync(join(tmpdir(), 'parley-contexts-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
let number = 0;

/** An environment with a file of contexts and a token of its own. */
const environment = () => {
  const file = join(home, `${++number}/contexts.json`);
  const token = join(home, `token-${number}`);
  writeFileSync(token, 'team-token\n');
  return { file, token, env: { HOME: home, PARLEY_CONTEXTS: file } };
};
const { signal: stop } = new AbortController();

describe('parley context', () => {
  it('the file of contexts is readable by its user alone, and a listing shows no token', async () => {
    const { file, token, env } = environment();
    await parley(['context', 'add', 'here', '--url', 'http://127.0.0.1:8765'], env);
    const added = await parley(
      ['context', 'add', 'team', '--url', 'https://parley.example.com', '--token-file', token],
      env,
    );
    expect(added).toMatchObject({ code: 0, out: 'team is https://parley.example.com\n' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain('team-token');
    const { out } = await parley(['context', 'ls'], env);
    expect(out).toMatch(/^\* +here +no +http:\/\/127\.0\.0\.1:8765\n +team +yes +https:/m);
    expect(out).not.toContain('team-token');
    const { out: json } = await parley(['context', 'ls', '--json'], env);
    expect(JSON.parse(json)).toMatchObject([
      { name: 'here', current: true },
      { name: 'team', hasToken: true },
    ]);
    expect(json).not.toContain('team-token');
  });

  it('the router is that of --url, --context, PARLEY_CONTEXT, ROUTER_URL or the current context, in this order', async () => {
    const { token, env } = environment();
    await parley(['context', 'add', 'one', '--url', 'http://one', '--token-file', token], env);
    await parley(['context', 'add', 'two', '--url', 'http://two'], env);
    const of = (choice: object, more: object = {}) => {
      const { url, authorization } = routerOf(choice, { env: { ...env, ...more }, stop });
      return [url, authorization];
    };
    expect(of({})).toEqual(['http://one', 'Bearer team-token']);
    expect(of({}, { ROUTER_URL: 'ws://env' })).toEqual(['http://env', undefined]);
    expect(of({}, { ROUTER_URL: 'ws://env', PARLEY_CONTEXT: 'two' })).toEqual(['http://two', undefined]);
    expect(of({ context: 'one' }, { PARLEY_CONTEXT: 'two' })).toEqual(['http://one', 'Bearer team-token']);
    expect(of({ url: 'http://option' }, { PARLEY_CONTEXT: 'one' })).toEqual(['http://option', undefined]);
    await parley(['context', 'use', 'two'], env);
    expect(of({})).toEqual(['http://two', undefined]);
    await parley(['context', 'rm', 'two'], env);
    expect(of({})).toEqual(['http://127.0.0.1:8765', undefined]);
    expect(of({}, { PARLEY_TOKEN: 'mine' })).toEqual(['http://127.0.0.1:8765', 'Bearer mine']);
    expect(of({ context: 'one' }, { PARLEY_TOKEN: 'mine' })).toEqual(['http://one', 'Bearer team-token']);
  });

  it('a file of contexts that other users may read is refused', async () => {
    const { file, env } = environment();
    await parley(['context', 'add', 'one', '--url', 'http://one'], env);
    chmodSync(file, 0o644);
    expect(await parley(['context', 'ls'], env)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/other users may read it: chmod 600/),
    });
  });

  it('wrong names, addresses, tokens and files of contexts are told', async () => {
    const { file, env } = environment();
    const empty = join(home, 'empty');
    writeFileSync(empty, '\n');
    await parley(['context', 'add', 'team', '--url', 'http://one'], env);
    const wrong: [args: string[], problem: RegExp][] = [
      [['add', 'a b', '--url', 'http://x'], /a name has letters/],
      [['add', 'x', '--url', 'ftp://x'], /no ws, wss, http or https URL/],
      [['add', 'x', '--url', 'http://x', '--token-file', empty], /holds no token/],
      [['use', 'teem'], /no context teem: did you mean team\?/],
      [['rm', 'nothing-like-it'], /there are team/],
    ];
    for (const [args, problem] of wrong) {
      const { code, err } = await parley(['context', ...args], env);
      expect([code, err]).toEqual([1, expect.stringMatching(problem)]);
    }
    writeFileSync(file, '{}', { mode: 0o600 });
    expect((await parley(['context', 'ls'], env)).err).toMatch(/is no file of contexts/);
  });
});
