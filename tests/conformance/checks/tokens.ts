import assert from 'node:assert/strict';
import { withTokens } from '../check.ts';
import type { Client, Dialect } from '../client.ts';
import type { World } from '../world.ts';

const dialects: readonly Dialect[] = ['plain', 'v1'];

const asSubprotocol = (token: string): string => `parley.bearer.${Buffer.from(token).toString('base64url')}`;

/** What the suite was given; `withTokens` has seen to it that it is there. */
const tokensOf = ({ subject: { token, peerToken, watcherToken } }: World) => ({
  operator: token as string,
  peer: peerToken as string,
  watcher: watcherToken as string,
});

const registered = async (world: World, token: string, dialect: Dialect, word: string): Promise<Client> => {
  const client = await world.connectWith(token, { dialect });
  client.send({ type: 'register', name: world.name(word) });
  if (dialect === 'v1') await client.next('welcome');
  else await client.quiet();
  return client;
};

/** Registers, and is refused with this code; the connection then ends with this close code. */
const refusedRegistration = async (client: Client, register: object, code: string, closeCode: number) => {
  client.send({ type: 'register', ...register });
  assert.equal((await client.next()).code, code);
  assert.equal(await client.closeCode(), closeCode);
};

const forbidden = async (client: Client, frame: object): Promise<void> => {
  client.send(frame);
  assert.equal((await client.next()).code, 'forbidden', JSON.stringify(frame));
};

/** A conversation of alice and bob, in which a peer has no part. */
const amongOthers = async (world: World): Promise<string> => world.open(await world.agent('alice'), ['bob']);

export const tokenChecks = [
  ...dialects.flatMap((dialect) => [
    withTokens(
      '12.1 12.2',
      `a token is shown in the handshake or in register (${dialect})`,
      async (world) => {
        const { peer } = tokensOf(world);
        await registered(world, peer, dialect, 'peer');
        const later = await world.connectWith(undefined, { dialect });
        later.send({ type: 'register', name: world.name('peer-later'), token: peer });
        if (dialect === 'v1') await later.next('welcome');
        await later.quiet();
      },
    ),
    withTokens('12.1', `the token of the handshake goes first (${dialect})`, async (world) => {
      const { peer, operator } = tokensOf(world);
      const client = await world.connectWith(peer, { dialect });
      await refusedRegistration(client, { name: world.name('alice'), token: operator }, 'name-refused', 4003);
    }),
    withTokens('12.2 6 8', `a name that is not the token's is refused (${dialect})`, async (world) => {
      const { peer, watcher } = tokensOf(world);
      for (const token of [peer, watcher]) {
        const client = await world.connectWith(token, { dialect });
        await refusedRegistration(client, { name: world.name('alice') }, 'name-refused', 4003);
      }
    }),
    withTokens('12.3 6 8', `no token, or one that is not valid, is refused (${dialect})`, async (world) => {
      const { peer } = tokensOf(world);
      const name = world.name('peer');
      for (const token of [undefined, '', 'wrong', `${peer}x`, peer.slice(0, -1)]) {
        const client = await world.connectWith(undefined, { dialect });
        await refusedRegistration(client, { name, token }, 'unauthenticated', 4001);
      }
      const client = await world.connectWith('wrong', { dialect });
      assert.equal(await client.closeCode(), 4001);
    }),
  ]),
  withTokens('12.1', 'a token among the subprotocols is taken and not echoed', async (world) => {
    const { peer } = tokensOf(world);
    for (const protocols of [
      ['parley.v1', asSubprotocol(peer)],
      [asSubprotocol(peer), 'parley.v1'],
    ]) {
      const client = await world.connectWith(undefined, { dialect: 'v1', protocols });
      assert.equal(client.protocol, 'parley.v1');
      client.send({ type: 'register', name: world.name('peer') });
      await client.next('welcome');
    }
    const wrong = await world.connectWith(undefined, {
      dialect: 'v1',
      protocols: ['parley.v1', asSubprotocol('wrong')],
    });
    assert.equal(await wrong.closeCode(), 4001);
  }),
  withTokens('12.1', 'a request with a token in its URL is refused with 400', async (world) => {
    // One that is good nowhere: a URL is logged on its way.
    for (const parameter of ['token', 'access_token']) {
      const path = `/?${parameter}=planted`;
      await assert.rejects(world.connect({ dialect: 'v1', path }), /HTTP 400/);
      assert.equal((await world.request(`/v1/agents?${parameter}=planted`)).status, 400);
    }
  }),
  withTokens('12.2', 'from is who registered, whatever the frame says', async (world) => {
    const { peer } = tokensOf(world);
    const friend = await world.plain('friend');
    const plain = await registered(world, peer, 'plain', 'peer');
    plain.send({ target: world.name('friend'), text: 'hi', from: world.name('alice') });
    assert.equal((await friend.next('message')).from, world.name('peer'));
    const agent = await registered(world, peer, 'v1', 'peer-agent');
    const conversation = await world.open(agent, ['friend']);
    await agent.next('turn');
    agent.send({ type: 'say', conversation, turn: 1, text: 'ho', from: world.name('alice') });
    await agent.next('accepted');
    assert.equal((await world.entries(conversation)).at(-1)?.from, world.name('peer-agent'));
  }),
  withTokens(
    '12.4',
    'an agent reads the conversations of which it is a member, and no other',
    async (world) => {
      const { peer } = tokensOf(world);
      const client = await registered(world, peer, 'v1', 'peer');
      await forbidden(client, { type: 'history', conversation: await amongOthers(world) });
      const own = await world.open(client, ['friend']);
      await client.next('turn');
      client.send({ type: 'history', conversation: own });
      assert.equal((await client.next('entry')).conversation, own);
    },
  ),
  withTokens(
    '4.10',
    'an agent joins where it is invited or the conversation is open, and nowhere else',
    async (world) => {
      const { peer } = tokensOf(world);
      const client = await registered(world, peer, 'v1', 'peer');
      const friend = await world.agent('friend');
      const closed = await world.open(friend, ['friend-2'], { opening: 'between friends' });
      for (const type of ['join', 'history']) await forbidden(client, { type, conversation: closed });
      const open = await world.open(friend, ['friend-2'], { admission: 'open' });
      client.send({ type: 'join', conversation: open });
      assert.equal((await client.next('accepted')).conversation, open);
      const answer = await world.request(`/v1/conversations/${closed}/invite`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ who: world.name('peer'), history: false }),
      });
      assert.equal(answer.status, 200);
      client.send({ type: 'history', conversation: closed });
      const types = [(await client.next('entry')).entry, (await client.next('entry')).entry] as {
        type: string;
      }[];
      assert.deepEqual(
        types.map(({ type }) => type),
        ['opened', 'joined'],
      );
      client.send({ type: 'leave', conversation: closed });
      await client.next('accepted');
      await forbidden(client, { type: 'join', conversation: closed });
      await client.quiet();
    },
  ),
  withTokens('12.4', 'an observer reads every conversation and is refused everything else', async (world) => {
    const { watcher } = tokensOf(world);
    const conversation = await amongOthers(world);
    const client = await registered(world, watcher, 'v1', 'watcher');
    client.send({ type: 'history', conversation });
    await client.next('entry');
    assert.equal((await world.requestWith(watcher, `/v1/conversations/${conversation}`)).status, 200);
    for (const frame of [
      { type: 'open', ref: '1', members: [world.name('alice')] },
      { type: 'say', conversation, text: 'hi' },
      { type: 'say', conversation, turn: 1, text: 'hi' },
      { type: 'pass', conversation, turn: 1, reason: 'declined' },
      { type: 'chunk', conversation, turn: 1, text: 'h' },
      { type: 'join', conversation },
      { type: 'leave', conversation },
    ])
      await forbidden(client, frame);
    await client.quiet();
    assert.equal((await world.entries(conversation)).length, 1);
    const plain = await world.connectWith(watcher, { dialect: 'plain' });
    plain.send({ type: 'register', name: world.name('watcher-plain') });
    assert.equal((await plain.next()).type, 'error');
    await plain.closeCode();
  }),
  withTokens('12.5 8', 'who may address some only is refused the others, and stays', async (world) => {
    const { peer } = tokensOf(world);
    const [friend, alice] = [world.name('friend'), world.name('alice')];
    const client = await registered(world, peer, 'v1', 'peer');
    await forbidden(client, { type: 'open', ref: '1', members: [friend, alice] });
    await forbidden(client, { type: 'open', ref: '2', members: [friend], first: alice });
    await forbidden(client, { type: 'join', conversation: await amongOthers(world) });
    const conversation = await world.open(client, ['friend']);
    await client.next('turn');
    await forbidden(client, { type: 'say', conversation, turn: 1, text: 'hi', target: alice });
    await forbidden(client, { type: 'say', conversation, turn: 1, text: 'hi', to: [alice] });
    client.send({ type: 'say', conversation, turn: 1, text: 'hi', target: friend });
    await client.next('accepted');
    await client.quiet();

    const plain = await registered(world, peer, 'plain', 'peer-plain');
    await forbidden(plain, { target: alice, text: 'hi' });
    await plain.quiet();
  }),
  withTokens('12.5', 'an answer to a grant needs no leave to address its hearers', async (world) => {
    const { peer } = tokensOf(world);
    const alice = await world.agent('alice');
    const conversation = await world.open(alice, ['peer']);
    await alice.next('turn');
    const client = await registered(world, peer, 'v1', 'peer');
    alice.send({ type: 'say', conversation, turn: 1, text: 'and you?' });
    const { turn } = await client.next('turn');
    await forbidden(client, { type: 'say', conversation, turn, text: 'well', target: world.name('alice') });
    client.send({ type: 'say', conversation, turn, text: 'well' });
    await client.next('accepted');
  }),
  withTokens('12.6 11', 'reading over HTTP needs a token of an observer or operator', async (world) => {
    const { peer, watcher, operator } = tokensOf(world);
    const expected: [token: string | undefined, status: number][] = [
      [undefined, 401],
      ['wrong', 401],
      [peer, 403],
      [watcher, 200],
      [operator, 200],
    ];
    for (const path of ['/v1/me', '/v1/agents', '/v1/conversations', '/v1/events', '/metrics']) {
      for (const [token, status] of expected) {
        const response = await world.requestWith(token, path);
        assert.deepEqual([path, response.status], [path, status]);
        await response.body?.cancel();
      }
    }
    const me = (await (await world.requestWith(watcher, '/v1/me')).json()) as object;
    assert.deepEqual(me, { role: 'observer', names: ['watcher-*'] });
  }),
  withTokens('12.4 12.6 11', 'only an operator acts over HTTP', async (world) => {
    const { peer, watcher, operator } = tokensOf(world);
    const post = (token: string | undefined) =>
      world.requestWith(token, '/v1/conversations', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ members: [world.name('alice'), world.name('bob')] }),
      });
    const statuses: number[] = [];
    for (const token of [undefined, 'wrong', peer, watcher, operator])
      statuses.push((await post(token)).status);
    assert.deepEqual(statuses, [401, 401, 403, 403, 201]);
  }),
  withTokens('12.6', 'the probes and the page need no token', async (world) => {
    for (const path of ['/healthz', '/readyz', '/'])
      assert.equal((await world.requestWith(undefined, path)).status, 200, path);
  }),
];
