import type { RouterFrameOf } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failed } from '../../src/models/model.ts';
import { textReply } from '../fake-model.ts';
import { openedEntry, saidEntry } from '../turn-contexts.ts';
import { grantOf, loopOf } from './turn-loop-harness.ts';

const refusal = (code: RouterFrameOf<'refused'>['code'], retry = false): RouterFrameOf<'refused'> => ({
  type: 'refused',
  code,
  message: code,
  retry,
  conversation: 'c1',
  turn: 1,
});
const welcome: RouterFrameOf<'welcome'> = {
  type: 'welcome',
  name: 'alice',
  router: 'r',
  heartbeatMs: 10_000,
  maxFrameBytes: 262_144,
  maxTextLength: 32_000,
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a reply that is finished without a connection', () => {
  it('a reply that is finished without a connection is kept, named at registration, and sent after the welcome', async () => {
    const { loop, calls, sent, link, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    link.up = false;
    calls[0]?.reply(textReply('Hello.'));
    await settled();
    expect(sent).toEqual([]);
    expect(loop.registering()).toEqual([{ conversation: 'c1', turn: 1 }]);
    link.up = true;
    loop.welcomed(welcome);
    expect(sent).toMatchObject([{ type: 'say', text: 'Hello.' }]);
    loop.accepted({ type: 'accepted', conversation: 'c1', turn: 1, seq: 2 });
    expect(loop.registering()).toEqual([]);
    loop.welcomed(welcome);
    expect(sent).toHaveLength(1);
  });

  it('a failure that is finished without a connection is not kept, because the router grants the turn again', async () => {
    const { loop, calls, sent, link, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    link.up = false;
    calls[0]?.reply(failed('model-unavailable', 'x'));
    await settled();
    expect(loop.registering()).toEqual([]);
    link.up = true;
    loop.welcomed(welcome);
    expect(sent).toEqual([]);
  });
});

describe('a turn that fails', () => {
  const failing = async () => {
    const parts = loopOf();
    parts.loop.granted(grantOf());
    await parts.settled();
    const fail = async (call = 0) => {
      parts.calls[call]?.reply(failed('model-unavailable', 'x'));
      await parts.settled();
    };
    return { ...parts, fail };
  };

  it('a turn that fails between the registration and the welcome is passed after the welcome, because the router counts on this connection', async () => {
    const { loop, sent, link, fail } = await failing();
    link.up = false;
    expect(loop.registering()).toEqual([{ conversation: 'c1', turn: 1 }]);
    await fail();
    expect(sent).toEqual([]);
    link.up = true;
    loop.welcomed(welcome);
    expect(sent).toMatchObject([{ type: 'pass', turn: 1, attempt: 1, reason: 'model-unavailable' }]);
    loop.accepted({ type: 'accepted', conversation: 'c1', turn: 1, seq: 2 });
    loop.welcomed(welcome);
    expect(sent).toHaveLength(1);
  });

  it('a pass with a failure is sent again when the router could not write it', async () => {
    const { loop, sent, fail } = await failing();
    await fail();
    loop.refused(refusal('unavailable', true));
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual([sent[0], sent[0]]);
  });

  it.each([
    ['refused', 6],
    ['confirmed after the next grant', 3],
  ] as const)(
    'a pass with a failure is not sent again once the turn is granted again; when it was %s, the next answer costs %i',
    async (how, cost) => {
      const { loop, calls, sent, settled } = loopOf();
      for (const attempt of [1, 2]) {
        loop.granted(grantOf({ calls: 1, attempt, entries: attempt === 1 ? [openedEntry()] : [] }));
        if (attempt === 2 && how !== 'refused')
          loop.accepted({ type: 'accepted', conversation: 'c1', turn: 1, seq: 2 });
        await settled();
        calls[attempt - 1]?.reply(textReply('', 3));
        await settled();
        if (attempt === 1 && how === 'refused') loop.refused(refusal('unavailable', true));
      }
      vi.advanceTimersByTime(60_000);
      expect(sent).toMatchObject([
        { type: 'pass', attempt: 1, usage: { outputTokens: 3 } },
        { type: 'pass', attempt: 2, usage: { outputTokens: cost } },
      ]);
      expect(sent).toHaveLength(2);
    },
  );

  it('a pass with a failure is given up when the router refuses it', async () => {
    const { loop, sent, fail } = await failing();
    await fail();
    loop.refused(refusal('bad-frame'));
    vi.advanceTimersByTime(60_000);
    loop.welcomed(welcome);
    expect(sent).toHaveLength(1);
  });
});

describe('a refused reply', () => {
  const replied = async () => {
    const moderated = openedEntry(['alice', 'bob', 'zed'], { policy: 'moderator' });
    const parts = loopOf();
    parts.loop.granted(grantOf({ entries: [moderated] }));
    await parts.settled();
    parts.calls[0]?.reply(textReply('Hello.\nNEXT: zed'));
    await parts.settled();
    return parts;
  };

  it('a refused reply is dropped when the agent does not hold the turn any more', async () => {
    const { loop, sent } = await replied();
    loop.refused(refusal('stale-turn'));
    expect(loop.registering()).toEqual([]);
    expect(sent).toHaveLength(1);
  });

  it('a refused reply is sent again after growing waits when that may help', async () => {
    const { loop, sent } = await replied();
    loop.refused(refusal('unavailable', true));
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual([sent[0], sent[0]]);
    loop.refused(refusal('rate-limited', true));
    vi.advanceTimersByTime(1_999);
    expect(sent).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(sent).toHaveLength(3);
  });

  it('a reply to a mailbox that stays full gives the turn back, which is no failure of the agent', async () => {
    const { loop, sent } = await replied();
    for (const waitMs of [1_000, 2_000, 4_000]) {
      loop.refused(refusal('mailbox-full', true));
      vi.advanceTimersByTime(waitMs);
    }
    expect(sent).toEqual(Array(4).fill(sent[0]));
    loop.refused(refusal('mailbox-full', true));
    expect(sent[4]).toMatchObject({
      type: 'pass',
      turn: 1,
      reason: 'declined',
      detail: 'refused: mailbox-full',
    });
    vi.advanceTimersByTime(60_000);
    expect(sent).toHaveLength(5);
    expect(loop.registering()).toEqual([{ conversation: 'c1', turn: 1 }]);
  });

  it('a refused reply is sent without its target when the target is the reason', async () => {
    const { loop, sent } = await replied();
    loop.refused(refusal('bad-target'));
    expect(sent[1]).toMatchObject({ type: 'say', text: 'Hello.' });
    expect(sent[1]).not.toHaveProperty('target');
    loop.refused(refusal('bad-target'));
    expect(sent[2]).toMatchObject({ type: 'pass', reason: 'interrupted' });
  });

  it('a refused reply that cannot be sent is replaced by a pass', async () => {
    const { loop, sent } = await replied();
    loop.refused(refusal('too-large'));
    expect(sent[1]).toMatchObject({
      type: 'pass',
      turn: 1,
      reason: 'interrupted',
      detail: 'refused: too-large',
    });
  });
});

describe('a conversation that has ended', () => {
  it('the data of an ended conversation is dropped and its running reply is aborted', async () => {
    const { loop, calls, sent, transcripts, outcomes, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    loop.ended('c1');
    await settled();
    expect(calls[0]?.request.signal.aborted).toBe(true);
    expect(sent).toEqual([]);
    expect(outcomes).toEqual(['abandoned']);
    expect([loop.active, transcripts.size]).toEqual([0, 0]);
  });
});

describe('a conversation that was forgotten', () => {
  it('an evicted conversation is read again before its next turn is taken', async () => {
    const { loop, calls, sent, settled } = loopOf();
    loop.granted(grantOf({ turn: 3, entries: [saidEntry(3, 'bob', 'Third.')] }));
    await settled();
    expect(sent).toEqual([{ type: 'history', conversation: 'c1' }]);
    expect(calls).toHaveLength(0);
    const history = [openedEntry(), saidEntry(2, 'alice', 'First.'), saidEntry(3, 'bob', 'Third.')];
    for (const entry of history) loop.heard({ type: 'entry', conversation: 'c1', entry });
    await settled();
    expect(calls[0]?.request.messages.slice(2).map(({ content }) => content)).toEqual([
      'First.',
      expect.stringMatching(/^Third\.\n\n\(Now alice speaks/),
    ]);
  });

  it('a long evicted conversation is read only at its beginning and its end, and is shown with a mark of the gap', async () => {
    const { loop, calls, sent, settled } = loopOf();
    const newest = saidEntry(50_000, 'bob', 'Newest.');
    loop.granted(grantOf({ turn: 49_999, entries: [newest] }));
    await settled();
    expect(sent).toEqual([
      { type: 'history', conversation: 'c1', limit: 2 },
      { type: 'history', conversation: 'c1', since: 49_000 },
    ]);
    const history = [
      openedEntry(),
      saidEntry(2, 'alice', 'First.'),
      saidEntry(49_001, 'bob', 'Later.'),
      newest,
    ];
    for (const entry of history) loop.heard({ type: 'entry', conversation: 'c1', entry });
    await settled();
    expect(calls[0]?.request.messages.slice(2).map(({ content }) => content)).toEqual([
      'First.',
      expect.stringContaining('(Earlier messages are left out here.)\n\nLater.\n\nNewest.'),
    ]);
  });

  it('an evicted conversation that cannot be read is not guessed at', async () => {
    const { loop, sent, settled } = loopOf();
    loop.granted(grantOf({ turn: 3, entries: [saidEntry(3, 'bob', 'Third.')] }));
    vi.advanceTimersByTime(2_000);
    await settled();
    expect(sent.at(-1)).toMatchObject({ type: 'pass', reason: 'interrupted' });
  });
});

describe('a reply as it is written', () => {
  it('a reply is streamed in few pieces, and never its reasoning', async () => {
    const { loop, calls, sent, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    const { request, reply } = calls[0]!;
    const written = '<think>secret plan</think>It was a bright cold day in April. And the clocks ';
    for (const character of written) request.onText?.(character);
    vi.advanceTimersByTime(50);
    request.onText?.('were striking thirteen, as they do. The');
    vi.advanceTimersByTime(50);
    request.onText?.(' rest.');
    reply(textReply(`${written}were striking thirteen, as they do. The rest.`));
    await settled();
    const chunks = sent.flatMap((frame) => (frame.type === 'chunk' ? [frame.text] : []));
    expect(chunks).toEqual([
      'It was a bright cold day in April.',
      ' And the clocks were striking thirteen, as they do.',
    ]);
    expect(sent.at(-1)).toMatchObject({ type: 'say', text: expect.stringContaining('The rest.') });
  });

  it('a reply is no longer streamed once the model has sent unmarked reasoning', async () => {
    const { loop, calls, sent, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    calls[0]?.reply(textReply('secret</think>Hello.'));
    await settled();
    loop.granted(grantOf({ turn: 3, entries: [] }));
    await settled();
    calls[1]?.request.onText?.('another secret that is long enough to be shown');
    vi.advanceTimersByTime(1_000);
    expect(sent.map(({ type }) => type)).toEqual(['say']);
  });
});
