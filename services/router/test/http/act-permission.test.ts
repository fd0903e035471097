import { describe, expect, it } from 'vitest';
import { makeAuthenticator } from '../../src/identity/authenticator.ts';
import { newToken } from '../../src/identity/token-command.ts';
import { bearer, boss, listOf } from '../socket/bearers.ts';
import { serveRouter } from '../socket/served-router.ts';
import { Operator } from './operator.ts';

/** An operator that may write to ann, bob and the names of a crowd. */
const limited = newToken(['desk', '--role', 'operator', '--send', 'ann,bob,crowd-*']);
const authenticator = makeAuthenticator({ tokens: listOf([boss, limited]), verifyJwt: undefined });

const start = async () => {
  const operator = new Operator(await serveRouter({ authenticator }));
  const as = (token: string) => (path: string, body: object) =>
    operator.post(path, body, bearer(token).headers);
  const all = as(boss.token);
  const opened = async (body: object) => (await all('', body)).body.conversation;
  const pair = await opened({ members: ['ann', 'bob'], opening: 'Hello.' });
  const trio = await opened({ members: ['ann', 'bob', 'eve'], policy: 'open', opening: 'Hello.' });
  return { all, few: as(limited.token), pair, trio };
};

describe('an operator whose token allows only some names', () => {
  it.each<[string, (ids: { pair: string; trio: string }) => [path: string, body: object]]>([
    ['opens with another member', () => ['', { members: ['ann', 'eve'] }]],
    ['opens in the name of another', () => ['', { by: 'eve', members: ['ann'] }]],
    ['invites another', ({ pair }) => [`/${pair}/invite`, { who: 'eve' }]],
    ['addresses another', ({ pair }) => [`/${pair}/say`, { text: 'x', target: 'eve' }]],
    ['speaks so that another hears it', ({ trio }) => [`/${trio}/say`, { text: 'x' }]],
    ['speaks to another in private', ({ trio }) => [`/${trio}/say`, { text: 'x', to: ['ann', 'eve'] }]],
    ['gives another a turn by its name', ({ trio }) => [`/${trio}/say`, { text: '@eve x', to: ['ann'] }]],
    ['whispers to another', ({ trio }) => [`/${trio}/whisper`, { text: 'x', to: ['eve'] }]],
    ['casts another', ({ trio }) => [`/${trio}/recast`, { role: { name: 'eve', persona: 'x' } }]],
    ['forks a conversation of another', ({ trio }) => [`/${trio}/fork`, { at: 2 }]],
  ])('an operator that %s is refused `forbidden`, and nothing is written', async (_, request) => {
    const ids = await start();
    const [path, body] = request(ids);
    const seqOf = async () => (await ids.all(`/${ids.trio}/pause`, {})).body.seq;
    const before = await seqOf();
    const { status, body: answer } = await ids.few(path, body);
    expect([status, answer.error?.code]).toEqual([403, 'forbidden']);
    expect(answer.error?.message).toContain('eve');
    expect(await seqOf()).toBe(before);
  });

  it('an operator acts on the names that its token allows, and on any other one where its token has no such limit', async () => {
    const { all, few, pair, trio } = await start();
    const allowed: [string, object][] = [
      ['', { members: ['ann', 'crowd-7'] }],
      [`/${pair}/say`, { text: 'to all of them' }],
      [`/${trio}/say`, { text: 'x', target: 'ann', to: ['ann', 'bob'] }],
      [`/${trio}/whisper`, { text: 'x', to: ['bob'] }],
      [`/${pair}/invite`, { who: 'crowd-1' }],
      [`/${pair}/fork`, { at: 2 }],
      [`/${trio}/pause`, {}],
      [`/${trio}/end`, {}],
    ];
    for (const [path, body] of allowed) expect((await few(path, body)).status, path).toBeLessThan(300);
    expect((await all('', { members: ['ann', 'eve'] })).status).toBe(201);
  });
});
