import { describe, expect, it } from 'vitest';
import { textReply } from '../fake-model.ts';
import { openedEntry } from '../turn-contexts.ts';
import { grantOf, loopOf } from './turn-loop-harness.ts';

describe('what calls cost', () => {
  /** Alice is granted turn after turn; her model answers each, and the router does what `then` says. */
  const spending = async (
    wanted: readonly ('bid' | 'speak')[],
    then: (parts: ReturnType<typeof loopOf>, turn: number) => void,
  ) => {
    const parts = loopOf();
    for (const [index, one] of wanted.entries()) {
      const turn = index + 1;
      parts.loop.granted(grantOf({ turn, wanted: one, entries: turn === 1 ? [openedEntry()] : [] }));
      await parts.settled();
      parts.calls[index]?.reply(textReply(one === 'bid' ? '80' : 'I know.', 10 ** index));
      await parts.settled();
      then(parts, turn);
    }
    return parts.sent.map((frame) => [frame.type, 'usage' in frame ? frame.usage?.inputTokens : undefined]);
  };
  const lapsed = { type: 'lapsed', seq: 2, at: 0, turn: 1, from: 'alice', cause: 'empty-reply' } as const;
  const refused = { type: 'refused', code: 'stale-turn', message: 'x', retry: false } as const;

  it('the usage of calls is reported with each answer, and counts once', async () => {
    const sent = await spending(['bid', 'speak', 'bid'], ({ loop }, turn) =>
      loop.accepted({ type: 'accepted', conversation: 'c1', turn, seq: turn + 1 }),
    );
    expect(sent).toEqual([
      ['bid', 1],
      ['say', 10],
      ['bid', 100],
    ]);
  });

  it('the usage of calls is reported with the next answer when the router refused the one before', async () => {
    const sent = await spending(['bid', 'speak'], ({ loop }, turn) =>
      loop.refused({ ...refused, conversation: 'c1', turn }),
    );
    expect(sent).toEqual([
      ['bid', 1],
      ['say', 11],
    ]);
  });

  it('the usage of a failed turn is reported with its pass, and again while the router has not confirmed it', async () => {
    const { loop, calls, sent, settled } = loopOf();
    loop.granted(grantOf({ calls: 1 }));
    await settled();
    calls[0]?.reply(textReply('', 3));
    await settled();
    expect(sent).toMatchObject([{ type: 'pass', reason: 'empty-reply', usage: { outputTokens: 3 } }]);
    loop.registering();
    loop.welcomed({ type: 'welcome', maxTextLength: 100 } as never);
    loop.granted(grantOf({ calls: 1, attempt: 2, entries: [lapsed] }));
    await settled();
    calls[1]?.reply(textReply('Now.', 5));
    await settled();
    expect(sent[1]).toMatchObject({ type: 'say', usage: { outputTokens: 8 } });
  });
});
