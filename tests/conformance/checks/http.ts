import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { check } from '../check.ts';
import type { Received } from '../client.ts';
import type { World } from '../world.ts';

const act = (world: World, id: string, action: string, body: object = {}, key: string = randomUUID()) =>
  world.request(`/v1/conversations/${id}/${action}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });

/** Alice has been granted her first turn of a conversation with bob. */
const begun = async (world: World) => {
  const [alice, bob] = [await world.agent('alice'), await world.agent('bob')];
  const conversation = await world.open(alice, ['bob']);
  const { turn } = await alice.next('turn');
  return { alice, bob, conversation, turn };
};

export const httpChecks = [
  check('11', 'the probes and the metrics answer', async (world) => {
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      assert.equal((await world.request(path)).status, 200, path);
    }
  }),
  check('11', 'agents and conversations are shown as they are', async (world) => {
    const { alice, conversation, turn } = await begun(world);
    alice.send({ type: 'say', conversation, turn, text: 'hi' });
    await alice.next('accepted');
    const { agents } = (await (await world.request('/v1/agents')).json()) as { agents: Received[] };
    assert.ok(agents.some(({ name }) => name === world.name('alice')));
    const listed = (await (await world.request('/v1/conversations')).json()) as {
      conversations: Received[];
    };
    assert.ok(listed.conversations.some(({ id }) => id === conversation));
    const page = await world.request(`/v1/conversations/${conversation}?since=1&limit=1`);
    const { entries } = (await page.json()) as { entries: Received[] };
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      [2],
    );
    assert.equal((await world.request('/v1/conversations/c0')).status, 404);
  }),
  check('11', 'events continue from a position without a gap', async (world) => {
    const { alice, conversation, turn } = await begun(world);
    const response = await world.request(`/v1/events?conversation=${conversation}&since=0`);
    const reader = (response.body as ReadableStream<Uint8Array>)
      .pipeThrough(new TextDecoderStream())
      .getReader();
    let text = '';
    const until = async (found: RegExp) => {
      while (!found.test(text)) {
        const { value, done } = await reader.read();
        if (done) assert.fail('the stream ended');
        text += value;
      }
    };
    await until(/^id: \d+\nevent: entry\ndata: .*"type":"opened"/m);
    alice.send({ type: 'say', conversation, turn, text: 'live' });
    await until(/^id: \d+\nevent: entry\ndata: .*"text":"live"/m);
    await reader.cancel();
  }),
  check(
    '11 9',
    'an operator pauses, resumes and ends; a repeated request is answered like the first',
    async (world) => {
      const { alice, bob, conversation, turn } = await begun(world);
      assert.equal((await act(world, conversation, 'pause')).status, 200);
      alice.send({ type: 'say', conversation, turn, text: 'under way' });
      await alice.next('accepted');
      await bob.quiet();
      const key = randomUUID();
      const first = await act(world, conversation, 'resume', {}, key);
      const again = await act(world, conversation, 'resume', {}, key);
      assert.deepEqual(await again.json(), await first.json());
      await bob.next('turn');
      assert.equal((await act(world, conversation, 'end')).status, 200);
      assert.equal((await alice.next('ended')).reason, 'operator');
      const types = (await world.entries(conversation)).map(({ type }) => type);
      assert.deepEqual(types, ['opened', 'paused', 'said', 'resumed', 'ended']);
    },
  ),
  check(
    '4.12 5.5 11',
    'the prompt of an entry is requested from a replica that keeps prompts, and other prompt frames are dropped',
    async (world) => {
      const alice = await world.agent('alice', { prompts: true });
      const bob = await world.agent('bob');
      const conversation = await world.open(alice, ['bob']);
      const { turn } = await alice.next('turn');
      alice.send({ type: 'say', conversation, turn, text: 'hi', target: world.name('bob') });
      await alice.next('accepted');
      const asked = world.request(`/v1/conversations/${conversation}/prompt?seq=2`);
      const frame = await alice.next('prompt');
      assert.deepEqual(frame, { type: 'prompt', ref: frame.ref, conversation, turn });
      const call = {
        ...{ purpose: 'message', attempt: 1, at: 1, model: 'm', parameters: [{ name: 'seed', value: 1 }] },
        messages: [{ role: 'system', content: 'You are Alice.' }],
      };
      alice.send({ type: 'prompt', ref: 'another', calls: [] });
      alice.send({ type: 'prompt', ref: frame.ref, calls: [call] });
      const answer = (await (await asked).json()) as Received;
      assert.deepEqual(answer, { conversation, seq: 2, from: world.name('alice'), turn, calls: [call] });
      await alice.quiet();
      await bob.next('turn');
      bob.send({
        type: 'say',
        conversation,
        turn: Number(turn) + 1,
        text: 'ho',
        target: world.name('alice'),
      });
      await bob.next('accepted');
      assert.equal((await world.request(`/v1/conversations/${conversation}/prompt?seq=3`)).status, 404);
      await bob.quiet();
    },
  ),
  check(
    '12.9',
    'a share link reads its conversation and nothing else, until it is revoked',
    async (world) => {
      const { alice, conversation } = await begun(world);
      const other = await world.open(alice, ['bob']);
      const made = await act(world, conversation, 'share', { minutes: 5 });
      assert.equal(made.status, 201);
      const { token, share } = (await made.json()) as Received;
      assert.match(String(token), /^share_/);
      const statusOf = async (path: string, init: RequestInit = {}) =>
        (await world.requestWith(String(token), path, init)).status;
      assert.equal(await statusOf('/v1/me'), 200);
      assert.equal(await statusOf(`/v1/conversations/${conversation}`), 200);
      const events = await world.requestWith(String(token), `/v1/events?conversation=${conversation}`);
      assert.equal(events.status, 200);
      for (const path of ['/v1/events', '/v1/agents', '/v1/conversations', `/v1/conversations/${other}`])
        assert.equal(await statusOf(path), 403, path);
      const json = { 'content-type': 'application/json' };
      const pause = `/v1/conversations/${conversation}/pause`;
      assert.equal(await statusOf(pause, { method: 'POST', body: '{}', headers: json }), 403);
      const client = await world.connectWith(String(token), { dialect: 'v1' });
      client.send({ type: 'register', name: world.name('alice') });
      assert.equal(await client.closeCode(), 4003);
      assert.equal((await act(world, conversation, 'unshare', { share })).status, 200);
      assert.equal(await statusOf(`/v1/conversations/${conversation}`), 401);
      const reader = (events.body as ReadableStream<Uint8Array>).getReader();
      while (!(await reader.read()).done);
    },
  ),
  check('11', 'an unknown action, and an action on an unknown conversation, are refused', async (world) => {
    const { conversation } = await begun(world);
    assert.equal((await act(world, conversation, 'explode')).status, 404);
    assert.equal((await act(world, 'c0', 'pause')).status, 404);
    const form = {
      method: 'POST',
      body: 'x=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    assert.equal((await world.request(`/v1/conversations/${conversation}/pause`, form)).status, 415);
  }),
];
