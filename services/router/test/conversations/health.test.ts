import { describe, expect, it } from 'vitest';
import { ConversationHealth, type MeasuredMessage } from '../../src/conversations/health.ts';
import { RouterBench } from '../router-harness.ts';

/** A conversation of ann and bob, and what is measured of it. */
const benchOf = async () => {
  const bench = new RouterBench();
  const messages: MeasuredMessage[] = [];
  const shares: number[] = [];
  let skipped = 0;
  const health = new ConversationHealth(
    {
      messageMeasured: (message) => messages.push(message),
      messageSkipped: () => skipped++,
      talkShare: (share) => shares.push(share),
    },
    () => bench.now,
  );
  bench.router.conversations.follow('health under test', (commit) => health.onCommit(commit));
  await bench.open('c', { policy: 'addressed' });
  const say = (from: string, text: string, conversation = 'c') =>
    bench.submit(conversation, { type: 'say', from, text, target: from === 'ann' ? 'bob' : 'ann' });
  return { bench, messages, shares, say, skipped: () => skipped };
};

const one = 'the harbour was quiet and the boats lay still in the morning light';
const two = 'the people of the village had not slept since the storm took the old bridge away';

describe('the health of a conversation', () => {
  it('the health measure counts a message as new when it repeats nothing', async () => {
    const { messages, say } = await benchOf();
    await say('ann', one);
    await say('bob', two);
    expect(messages).toEqual([
      { novelty: 1, selfOverlap: undefined, echo: undefined, isFarewell: false },
      { novelty: 1, selfOverlap: undefined, echo: 0, isFarewell: false },
    ]);
  });

  it('the health measure distinguishes a member that repeats itself from one that repeats the other', async () => {
    const { messages, say } = await benchOf();
    await say('ann', one);
    await say('bob', one);
    await say('ann', two);
    await say('bob', one);
    expect(messages[1]).toMatchObject({ novelty: 0, selfOverlap: undefined, echo: 1 });
    expect(messages[3]).toMatchObject({ novelty: 0, selfOverlap: 1, echo: 0 });
  });

  it('the health measure recognises goodbyes', async () => {
    const { messages, say } = await benchOf();
    await say('ann', 'Goodbye, and thank you so much!');
    expect(messages[0]?.isFarewell).toBe(true);
  });

  it('the health measure gives at the ending the share of one member', async () => {
    const { bench, shares, say } = await benchOf();
    await say('ann', 'a'.repeat(300));
    await say('bob', 'b'.repeat(100));
    await bench.submit('c', { type: 'end', by: 'op' });
    expect(shares).toEqual([0.75]);
  });

  it('the health measure of a fork includes the messages before it', async () => {
    const { bench, messages, say } = await benchOf();
    await say('ann', one);
    const parent = bench.router.conversations.find('c')!;
    await bench.submit('d', { type: 'fork', by: 'op', parent, limits: parent.limits });
    await say('bob', one, 'd');
    expect(messages[1]).toMatchObject({ novelty: 0, echo: 1 });
  });

  it('the health measure uses no more than its share of a second, and counts the messages that it skips', async () => {
    const { bench, messages, skipped, say } = await benchOf();
    for (let n = 0; n < 20; n++) await say('ann', 'x'.repeat(30_000));
    expect(messages).toHaveLength(7);
    expect(skipped()).toBe(13);
    bench.now += 1_000;
    await say('ann', 'x');
    expect(messages).toHaveLength(8);
  });

  it('the health measure drops the conversation without a message for the longest time, and continues', async () => {
    const { bench, messages, say } = await benchOf();
    await say('ann', one);
    for (let n = 0; n < 1_000; n++) {
      bench.now += 10;
      await bench.open(`other-${n}`, { policy: 'addressed' });
      await say('ann', two, `other-${n}`);
    }
    await say('ann', one);
    expect(messages.at(-1)).toMatchObject({ novelty: 1, selfOverlap: undefined });
  });
});
