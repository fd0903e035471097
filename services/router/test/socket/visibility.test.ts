import { describe, expect, it } from 'vitest';
import { makeAuthenticator } from '../../src/identity/authenticator.ts';
import { newToken } from '../../src/identity/token-command.ts';
import { readTokens, TokenList } from '../../src/identity/token-list.ts';
import { Prices } from '../../src/quota/prices.ts';
import { dial, dialAgent, type Frame, serveRouter, type TestClient } from './served-router.ts';

const names = ['ann', 'bob', 'eve'] as const;
const made = new Map<string, ReturnType<typeof newToken>>(names.map((name) => [name, newToken([name])]));
made.set('watcher', newToken(['watcher', '--role', 'observer']));
made.set('boss', newToken(['boss', '--role', 'operator']));

const start = async () => {
  const read = readTokens([...made.values()].map(({ line }) => line).join('\n'));
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  const served = await serveRouter({
    authenticator: makeAuthenticator({ tokens: new TokenList(read.lines), verifyJwt: undefined }),
    prices: new Prices({ priced: { input: 1, output: 1 } }),
  });
  const client = (name: string) =>
    dialAgent(served.port, name, { headers: { authorization: `Bearer ${made.get(name)?.token}` } });
  return { served, client };
};

const open = async (by: TestClient, members: readonly string[], more: object = {}): Promise<string> => {
  by.send({ type: 'open', ref: '1', members, ...more });
  return String((await by.nextOf('accepted')).conversation);
};

/** Everything that a client is sent before the answer to a question that it asks now. */
const sentUntilNow = async (client: TestClient): Promise<Frame[]> => {
  client.send({ type: 'history', conversation: 'c-no-such' });
  const frames: Frame[] = [];
  for (;;) {
    const frame = await client.next();
    if (frame.type === 'refused' && frame.conversation === 'c-no-such') return frames;
    frames.push(frame);
  }
};

describe('a reply that is streamed', () => {
  it('a streamed reply is shown to observers while it is written, and to members only as a message', async () => {
    const { client } = await start();
    const [ann, eve, watcher] = await Promise.all([client('ann'), client('eve'), client('watcher')]);
    const conversation = await open(ann, ['bob', 'eve'], { policy: 'round-robin' });
    for (const reader of [eve, watcher]) {
      // The second answer comes when the first has become a follow.
      for (const follow of [true, false]) reader.send({ type: 'history', conversation, follow });
      for (let answer = 0; answer < 2; answer++) await reader.nextOf('entry');
    }
    const turn = 1;
    ann.send({ type: 'chunk', conversation, turn, text: 'Bob, the code is' });
    expect(await watcher.nextOf('chunk')).toMatchObject({ text: 'Bob, the code is' });
    ann.send({ type: 'say', conversation, turn, text: 'Bob, the code is 4711', to: ['bob'] });
    await ann.nextOf('accepted');
    expect(await watcher.nextOf('entry')).toMatchObject({ entry: { text: 'Bob, the code is 4711' } });
    expect(await sentUntilNow(eve)).toEqual([]);
  });
});

describe('a member that has left', () => {
  it('a member that has left gets its own left, and no further entries of the conversation that it followed', async () => {
    const { client } = await start();
    const [ann, bob, eve] = await Promise.all([client('ann'), client('bob'), client('eve')]);
    const conversation = await open(ann, ['bob', 'eve'], { policy: 'open' });
    for (const follow of [true, false]) eve.send({ type: 'history', conversation, follow });
    for (let answer = 0; answer < 2; answer++) await eve.nextOf('entry');
    eve.send({ type: 'leave', conversation });
    expect((await eve.nextOf('entry')).entry).toMatchObject({ type: 'left', who: 'eve' });
    ann.send({ type: 'say', conversation, text: 'now that eve is gone', target: 'bob' });
    const { turn } = await bob.nextOf('turn');
    bob.send({ type: 'chunk', conversation, turn, text: 'the code' });
    bob.send({ type: 'leave', conversation });
    await bob.nextOf('accepted');
    const after = await sentUntilNow(eve);
    expect(after.filter(({ type }) => type !== 'accepted')).toEqual([]);
    eve.send({ type: 'history', conversation });
    expect(await eve.nextOf('refused')).toMatchObject({ code: 'forbidden' });
  });
});

describe('an agent that was not invited', () => {
  it('an agent that was not invited neither joins nor reads, although it knows the id, until an operator invites it', async () => {
    const { served, client } = await start();
    const [ann, eve] = await Promise.all([client('ann'), client('eve')]);
    const post = async (path: string, body: object, key: string) => {
      const response = await fetch(`http://127.0.0.1:${served.port}/v1/conversations${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${made.get('boss')?.token}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify(body),
      });
      return String(((await response.json()) as { conversation: string }).conversation);
    };
    const body = { members: ['ann', 'bob'], policy: 'round-robin', opening: 'for bob only' };
    const conversation = await post('', body, 'scenario-of-a-known-file');
    for (const frame of [
      { type: 'join', conversation },
      { type: 'history', conversation, follow: true },
    ]) {
      eve.send(frame);
      expect(await eve.next()).toMatchObject({ type: 'refused', code: 'forbidden' });
    }
    await post(`/${conversation}/invite`, { who: 'eve', history: false }, 'k');
    eve.send({ type: 'history', conversation });
    eve.send({ type: 'history', conversation });
    const types: unknown[] = [];
    for (let entry = 0; entry < 3; entry++) types.push(((await eve.nextOf('entry')).entry as Frame).type);
    expect(types).toEqual(['opened', 'joined', 'opened']);
    ann.send({ type: 'history', conversation, since: 1 });
    expect((await ann.nextOf('entry')).entry).toMatchObject({ text: 'for bob only' });
  });
});

describe('reading over HTTP', () => {
  it('a read over HTTP with ?as= gives the view of a member or former member, and is not allowed for agents', async () => {
    const { served, client } = await start();
    const [ann, eve] = await Promise.all([client('ann'), client('eve')]);
    const conversation = await open(ann, ['bob', 'eve'], { policy: 'open' });
    const say = async (text: string, to?: string[]) => {
      ann.send({ type: 'say', conversation, text, ...(to && { to }) });
      await ann.nextOf('accepted');
    };
    await say('for all');
    await say('for bob', ['bob']);
    eve.send({ type: 'leave', conversation });
    await eve.nextOf('accepted');
    await say('when eve has left');
    const get = async (name: string, token = 'watcher') => {
      const response = await fetch(
        `http://127.0.0.1:${served.port}/v1/conversations/${conversation}?as=${name}`,
        { headers: { authorization: `Bearer ${made.get(token)?.token}` } },
      );
      const body = (await response.json()) as { entries?: { type: string; text?: string }[] };
      return [response.status, body.entries?.map(({ type, text }) => text ?? type)];
    };
    expect(await get('bob')).toEqual([200, ['opened', 'for all', 'for bob', 'left', 'when eve has left']]);
    expect(await get('eve')).toEqual([200, ['opened', 'for all', 'left']]);
    expect((await get('no-member'))[0]).toBe(404);
    expect((await get('ann', 'ann'))[0]).toBe(403);
  });
});

describe('what a model server said of a failed turn', () => {
  it.each([
    ['end', ['opened', 'ended']],
    ['skip', ['opened', 'passed']],
  ])(
    'the error text of a model server is visible only to the member, observers and operators under onFailure %s',
    async (onFailure, types) => {
      const { client } = await start();
      const [ann, bob, watcher] = await Promise.all([client('ann'), client('bob'), client('watcher')]);
      const conversation = await open(ann, ['bob'], {
        first: 'bob',
        policy: 'round-robin',
        limits: { maxAttempts: 1, onFailure },
      });
      for (const reader of [ann, watcher]) reader.send({ type: 'history', conversation, follow: true });
      const { turn } = await bob.nextOf('turn');
      const detail = 'HTTP 400: "You are bob. Your private goal: …"';
      const usage = { inputTokens: 7, outputTokens: 0, model: 'bobs-own-model' };
      bob.send({ type: 'pass', conversation, turn, reason: 'model-rejected', detail, usage });
      const seen: Frame[] = [];
      while ((seen.at(-1)?.entry as Frame | undefined)?.type !== types.at(-1)) seen.push(await ann.next());
      seen.push(...(await sentUntilNow(ann)));
      expect(seen.flatMap(({ entry }) => (entry ? [(entry as Frame).type] : []))).toEqual(types);
      expect(JSON.stringify(seen)).not.toMatch(/private goal|own-model/);
      if (onFailure === 'end') {
        expect(seen.find(({ type }) => type === 'ended')).toMatchObject({ detail: 'bob: model-rejected' });
        expect(await bob.nextOf('ended')).toMatchObject({ detail: expect.stringContaining('private goal') });
      }
      const last = async () => (await watcher.nextOf('entry')).entry as Frame;
      let entry = await last();
      while (entry.type !== types.at(-1)) entry = await last();
      expect(entry.detail).toContain('private goal');
    },
  );
});

describe('an opening under a money cap that a member cannot keep', () => {
  it('an opening under a money cap that a member cannot keep is refused with the name of the member and without the model of another agent', async () => {
    const { served, client } = await start();
    const ann = await client('ann');
    const bob = dial(served.port, {
      protocols: ['parley.v1'],
      headers: { authorization: `Bearer ${made.get('bob')?.token}` },
    });
    await bob.opened;
    bob.send({ type: 'register', name: 'bob', model: 'bobs-own-model' });
    await bob.nextOf('welcome');
    const asked = { type: 'open', ref: '1', limits: { maxCost: 1 } };
    ann.send({ ...asked, members: ['bob'], cast: [{ name: 'ann', model: 'anns-model' }] });
    expect(await ann.nextOf('refused')).toMatchObject({
      code: 'no-price',
      message: expect.stringContaining('anns-model'),
    });
    bob.send({ ...asked, members: ['ann'] });
    expect(await bob.nextOf('refused')).toMatchObject({ message: expect.stringContaining('bobs-own-model') });
    const cast = [{ name: 'ann', model: 'priced' }];
    ann.send({ ...asked, members: ['bob'], cast });
    expect(await ann.nextOf('refused')).toMatchObject({
      code: 'no-price',
      message: expect.stringMatching(/^(?!.*own-model).*bob speaks$/),
    });
  });
});
