import type { Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { Transcript } from '../../src/memory/transcript.ts';
import { buildContext } from '../../src/turns/build-context.ts';
import { openedEntry, saidEntry } from '../turn-contexts.ts';

const own = { self: 'alice', persona: 'Own.', trustsPeers: true };
const place = { conversation: 'c1', turn: 3, remaining: { turns: 4 } };
const contextAfter = (...entries: Parameters<Transcript['merge']>[0]) => {
  const transcript = new Transcript(1_000);
  transcript.merge(entries);
  return buildContext(own, place, transcript);
};
const opened = (more: object) => openedEntry(['alice', 'bob', 'cy'], more);
const passed: Entry = {
  type: 'passed',
  seq: 3,
  at: 0,
  turn: 2,
  from: 'cy',
  reason: 'nothing-to-say',
  floor: [],
};

describe('what an agent knows when it takes a turn', () => {
  it('it knows the settings, the place of the turn and what the opening says', () => {
    const limits = { ...openedEntry(), stopPhrases: ['THE END'], quorum: 2 };
    const context = contextAfter(opened({ topic: 'Tea', seed: 7, limits }), saidEntry(2, 'bob', 'Hi.'));
    expect(context).toMatchObject({
      ...{
        self: 'alice',
        persona: 'Own.',
        trustsPeers: true,
        conversation: 'c1',
        turn: 3,
        policy: 'addressed',
      },
      ...{
        topic: 'Tea',
        seed: 7,
        stopPhrases: ['THE END'],
        quorum: 2,
        remaining: { turns: 4 },
        noted: false,
      },
      ...{ members: ['alice', 'bob', 'cy'], left: [], lapses: [], moderator: undefined, summary: undefined },
    });
    expect(context.lines).toMatchObject([{ kind: 'said', from: 'bob' }]);
    expect(context.opening).toMatchObject({ text: 'Hi.' });
  });

  it('it has usual values while the beginning of the conversation is not known', () => {
    const context = contextAfter(saidEntry(2, 'bob', 'Hi.'));
    expect(context).toMatchObject({ policy: 'addressed', stopPhrases: [], members: ['bob'] });
    expect([context.topic, context.seed, context.moderator, context.quorum]).toEqual([
      ...[undefined, undefined, undefined, undefined],
    ]);
  });

  it.each([
    ['alice', ['said', 'passed']],
    ['bob', ['said']],
  ])('when %s moderates it is shown the lines %j', (moderator, kinds) => {
    const context = contextAfter(
      opened({ policy: 'moderator', moderator }),
      saidEntry(2, 'bob', 'Hi.'),
      passed,
    );
    expect(context.moderator).toBe(moderator);
    expect(context.lines.map(({ kind }) => kind)).toEqual(kinds);
  });

  it('it knows why the grants of this turn lapsed, and not those of another turn', () => {
    const lapsed = { type: 'lapsed', at: 0, from: 'alice', cause: 'gone' } as const;
    expect(contextAfter(opened({}), { ...lapsed, seq: 2, turn: 3 }).lapses).toEqual(['gone']);
    expect(contextAfter(opened({}), { ...lapsed, seq: 2, turn: 2 }).lapses).toEqual([]);
  });
});
