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
  check('11', 'events go on from a position, without a gap', async (world) => {
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
  check('11', 'an act that is none, or of no conversation, is refused', async (world) => {
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
