import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policies } from '../../src/core/policies/policies.ts';
import { granted, limits, Talk } from './talk.ts';

const names = ['ann', 'bob', 'cid', 'dot', 'eve'];
const members = fc.integer({ min: 2, max: names.length }).map((count) => names.slice(0, count));
type Step = { pass: boolean; who: number; target: number; text: string; score: number };
const steps = fc.array(
  fc.record({
    pass: fc.boolean(),
    who: fc.nat(),
    target: fc.nat(),
    text: fc.constantFrom('well', 'what do you say, @bob?', '@eve and @Ann!', 'hm'),
    score: fc.integer({ min: 0, max: 100 }),
  }),
  { minLength: 1, maxLength: 40 },
);

/** A member with the floor does what is wanted. */
const act = (talk: Talk, all: readonly string[], { pass, who, target, text, score }: Step): void => {
  const floor = talk.state?.floor ?? [];
  const turn = floor[who % floor.length];
  if (!turn) return;
  const { member: from } = turn;
  if (turn.wanted === 'bid') talk.do({ type: 'bid', from, ...granted(turn), score });
  else if (pass) talk.do({ type: 'pass', from, ...granted(turn), reason: 'nothing-to-say' });
  else {
    const others = all.filter((name) => name !== from);
    talk.do({ type: 'say', from, ...granted(turn), text, target: others[target % others.length] });
  }
};

describe.each(Object.keys(policies) as (keyof typeof policies)[])('policy %s', (policy) => {
  const run = (all: readonly string[], todo: readonly Step[], check: (talk: Talk) => void): Talk => {
    const talk = new Talk({ members: all, policy, limits: limits({ maxTurns: 30 }), seed: 7 });
    for (const step of todo) {
      act(talk, all, step);
      check(talk);
    }
    return talk;
  };

  it('a policy always gives the floor of a running conversation to members, and only to members', () => {
    fc.assert(
      fc.property(members, steps, (all, todo) => {
        run(all, todo, (talk) => {
          expect(all).toEqual(expect.arrayContaining(talk.floor));
          expect(new Set(talk.floor).size).toBe(talk.floor.length);
          if (talk.ending !== undefined) expect(talk.floor).toEqual([]);
          // Only under policies for people may there be no member that owes a reply.
          else if (policy !== 'open') expect(talk.floor.length).toBeGreaterThan(0);
        });
      }),
    );
  });

  it('a policy uses each turn number once and never exceeds the limit', () => {
    fc.assert(
      fc.property(members, steps, (all, todo) => {
        const talk = run(all, todo, () => {});
        const taken = talk.entries.flatMap((entry) =>
          'turn' in entry && entry.type !== 'lapsed' ? [entry.turn] : [],
        );
        expect(new Set(taken).size).toBe(taken.length);
        expect(talk.entries.map(({ seq }) => seq)).toEqual(talk.entries.map((_, index) => index + 1));
        expect(talk.state?.turnsTaken).toBeLessThanOrEqual(30);
      }),
    );
  });

  it('a policy decides equal commands equally', () => {
    fc.assert(
      fc.property(members, steps, (all, todo) => {
        expect(run(all, todo, () => {}).entries).toEqual(run(all, todo, () => {}).entries);
      }),
    );
  });
});

describe('what each policy is for', () => {
  const speakers = (talk: Talk, count: number, more: (speaker: string) => object = () => ({})): string[] =>
    Array.from({ length: count }, () => {
      const [speaker = ''] = talk.floor;
      talk.say('a line', more(speaker));
      return speaker;
    });
  const five = { members: names };

  it('policy round-robin gives turns in the order of the members', () => {
    expect(speakers(new Talk({ ...five, policy: 'round-robin' }), 7)).toEqual([...names, 'ann', 'bob']);
  });

  it('policy random never lets the same member speak twice in a row, and lets all members speak', () => {
    const heard = speakers(new Talk({ ...five, policy: 'random', seed: 3 }), 60);
    expect(heard.some((name, index) => name === heard[index - 1])).toBe(false);
    expect(new Set(heard).size).toBe(names.length);
    expect(speakers(new Talk({ ...five, policy: 'random', seed: 4 }), 60)).not.toEqual(heard);
  });

  it('policy moderator follows the address of the moderator, returns the floor to it, and lets it close the conversation', () => {
    const talk = new Talk({ ...five, policy: 'moderator', moderator: 'cid' });
    const heard = speakers(talk, 5, (speaker) => (speaker === 'cid' ? { target: 'eve' } : {}));
    expect(heard).toEqual(['cid', 'eve', 'cid', 'eve', 'cid']);
    talk.say('no more from me');
    talk.say('that is all', { done: true });
    expect(talk.ending).toBe('agreed');
  });

  it('policy moderator gives the floor to the member that was silent longest when the moderator names none', () => {
    const talk = new Talk({ ...five, policy: 'moderator', moderator: 'ann' });
    expect(speakers(talk, 10).filter((name) => name !== 'ann')).toEqual(['bob', 'cid', 'dot', 'eve', 'bob']);
  });

  it('policy mention finds the same members among thousands of marks as among few, each once and in order', () => {
    const all = Array.from({ length: 250 }, (_, i) => `Member-${i}`);
    const talk = new Talk({ members: all, policy: 'mention' });
    const marks = Array.from({ length: 2_000 }, (_, i) => `@stranger${i} @member-${(i * 7) % 250}.`);
    talk.say(marks.join(' '));
    const expected = marks.map((_, i) => `Member-${(i * 7) % 250}`).filter((name) => name !== 'Member-0');
    expect(talk.floor).toEqual([...new Set(expected)]);
  });

  it('policy mention takes the first of names that differ only in case, unless another is written exactly', () => {
    const talk = new Talk({ members: ['bob', 'Ann', 'ann'], policy: 'mention' });
    talk.say('@ANN?');
    expect(talk.floor).toEqual(['Ann']);
    talk.say('@ann?');
    expect(talk.floor).toEqual(['ann']);
  });

  it('policy mention gives the floor to the named members, else back to the member that gave the turn', () => {
    const talk = new Talk({ ...five, policy: 'mention' });
    talk.say('@dot and @bob, what now?');
    expect(talk.floor).toEqual(['dot', 'bob']);
    talk.say('no idea');
    talk.say('ask @Eve.');
    expect(talk.floor).toEqual(['eve']);
    talk.say('me neither');
    expect(talk.floor).toEqual(['bob']);
  });

  it('policy volunteer gives the floor to the highest bid, and bids of 0 end the conversation', () => {
    const talk = new Talk({ members: ['ann', 'bob', 'cid'], policy: 'volunteer' });
    talk.say();
    const bid = (from: string, score: number) =>
      talk.do({
        type: 'bid',
        from,
        score,
        turn: talk.state?.floor.find(({ member }) => member === from)?.number ?? 0,
        attempt: 1,
      });
    expect(talk.state?.floor.map(({ wanted }) => wanted)).toEqual(['bid', 'bid']);
    bid('bob', 20);
    bid('cid', 60);
    expect(talk.state?.floor).toMatchObject([{ member: 'cid', wanted: 'speak' }]);
    talk.say();
    bid('ann', 0);
    bid('bob', 0);
    expect(talk.ending).toBe('agreed');
  });

  it('policy open needs no addressee: a message without one leaves the floor empty, and any member may speak next', () => {
    const talk = new Talk({ ...five, policy: 'open' });
    talk.say('good morning');
    expect(talk.floor).toEqual([]);
    talk.do({ type: 'say', from: 'dot', text: 'morning @ann' });
    expect(talk.floor).toEqual(['ann']);
  });
});
