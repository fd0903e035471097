import { describe, expect, it } from 'vitest';
import type { SaidLine, TurnContext } from '../../src/memory/turn-context.ts';
import { makeRehearsal, rehearse, roleOf, sideOf } from '../../src/models/rehearsal/rehearsal.ts';
import { pickQuote } from '../../src/models/rehearsal/rehearsal-quote.ts';
import { contextOf, said } from '../turn-contexts.ts';
import { requestOf } from './requests.ts';

/** A whole conversation, each member speaking in turn. */
const conversation = (members: readonly string[], length: number, seed: number): readonly SaidLine[] => {
  const lines: SaidLine[] = [];
  for (let turn = 1; turn <= length; turn++) {
    const self = members[(turn - 1) % members.length]!;
    const context = contextOf([], {
      self,
      members,
      turn,
      lines,
      opening: lines[0],
      remaining: { turns: length + 1 - turn },
    });
    lines.push(said(turn + 1, self, rehearse({ ...context, topic: 'Should bridges sing?' }, seed)));
  }
  return lines;
};
const sentencesOf = (lines: readonly SaidLine[]) => lines.flatMap(({ text }) => text.split(/(?<=[.!?:]) /));

describe('a rehearsed conversation', () => {
  it('a rehearsed conversation is the same for the same seed, and differs for another seed', () => {
    expect(conversation(['alice', 'bob'], 12, 1)).toEqual(conversation(['alice', 'bob'], 12, 1));
    expect(conversation(['alice', 'bob'], 12, 1)).not.toEqual(conversation(['alice', 'bob'], 12, 2));
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'a rehearsed conversation repeats no sentence of content in forty turns (seed %i)',
    (seed) => {
      const long = sentencesOf(conversation(['alice', 'bob'], 40, seed)).filter(({ length }) => length > 45);
      expect(long.filter((sentence, i) => long.indexOf(sentence) !== i)).toEqual([]);
    },
  );

  it('a rehearsed conversation begins with the topic, refers to earlier messages, and ends with a goodbye', () => {
    const lines = conversation(['alice', 'bob'], 20, 3);
    expect(lines[0]?.text).toContain('“Should bridges sing?”');
    const quotes = lines.slice(1).flatMap(({ text }, i) => {
      const quote = /“([^”?]+)”/.exec(text)?.[1];
      return quote ? [lines[i]!.text.toLowerCase().includes(quote.toLowerCase())] : [];
    });
    expect(quotes.filter(Boolean).length).toBeGreaterThan(5);
    expect(lines.at(-1)?.text).toMatch(/still|stands|has become/);
  });

  it('a rehearsal answers a question with its own side of the same aspect', () => {
    const context = contextOf([['bob', 'So tell me, alice: Who pays for it in the first year?']], {
      persona: 'a sceptic',
    });
    expect(rehearse(context, 0)).toContain('Somebody has to pay for it on day one');
  });

  it('a rehearsal continues with a speaker whose messages are in no script', () => {
    const context = contextOf(
      [['bob', 'I bought seven green umbrellas yesterday, and no neighbour believes me.']],
      {
        self: 'alice',
      },
    );
    expect(rehearse(context, 0)).toMatch(/seven green umbrellas|no neighbour believes me/);
    for (const odd of ['?', '…', '“”', 'ok', '🙂🙂', '\n\n']) {
      expect(rehearse(contextOf([['bob', odd]]), 0).length).toBeGreaterThan(20);
    }
  });

  it('a rehearsal says the stop phrase at the end when no limit would end the conversation', () => {
    const context = contextOf([['bob', 'Go on.']], { turn: 30, stopPhrases: ['THE END'] });
    expect(rehearse(context, 0)).toMatch(/THE END$/);
    expect(rehearse({ ...context, remaining: { turns: 10 } }, 0)).not.toContain('THE END');
  });
});

describe('a persona', () => {
  it.each([
    ['You are Ada, a retired judge. You like order.', 'a retired judge'],
    ['an old sailor', 'an old sailor'],
    ['Speak in rhymes.', undefined],
  ])('the persona %j gives the role %j', (persona, role) => {
    expect(roleOf(persona)).toBe(role);
  });

  it('the persona decides the side of a member, else the members have alternate sides', () => {
    expect(sideOf(contextOf([], { persona: 'You doubt grand plans.' }))).toBe('con');
    expect(sideOf(contextOf([], { self: 'bob', persona: 'An enthusiast.' }))).toBe('pro');
    expect([sideOf(contextOf([])), sideOf(contextOf([], { self: 'bob' }))]).toEqual(['pro', 'con']);
  });
});

describe('a quotation', () => {
  it('a quotation is a clause that is not itself a quotation and was not quoted before', () => {
    const text = 'You say “never again”; the river was high last spring, and no boat crossed it.';
    const first = pickQuote(text, '', () => 0);
    expect(first).toBe('the river was high last spring');
    expect(pickQuote(text, `“${first}”`, () => 0)).toBe('and no boat crossed it');
  });
});

describe('the rehearsal model', () => {
  it('the rehearsal model streams in words, keeps to the limit of tokens and estimates its usage', async () => {
    const model = makeRehearsal({ seed: 0, delayMs: 0 }).modelFor(contextOf([['bob', 'Hi']]));
    const shown: string[] = [];
    const reply = await model.reply(requestOf({ maxOutputTokens: 20, onText: (word) => shown.push(word) }));
    if (reply.kind !== 'text') throw new Error(reply.reason);
    expect(shown.join('')).toBe(reply.text);
    expect(shown.length).toBeGreaterThan(3);
    expect(reply.usage).toMatchObject({ model: 'rehearsal', estimated: true });
    expect(reply.usage.outputTokens).toBeLessThanOrEqual(20);
  });

  it('the rehearsal model differs from conversation to conversation unless it has a seed', async () => {
    const textIn = async (conversation: string, seed: number | undefined) => {
      const context = contextOf([], { conversation });
      const reply = await makeRehearsal({ seed, delayMs: 0 }).modelFor(context).reply(requestOf());
      return reply.kind === 'text' ? reply.text : reply.reason;
    };
    expect(await textIn('c1', undefined)).not.toBe(await textIn('c2', undefined));
    expect(await textIn('c1', 7)).toBe(await textIn('c2', 7));
  });

  it('the rehearsal model can be aborted like any other model', async () => {
    const model = makeRehearsal({ seed: 0, delayMs: 60_000 }).modelFor(contextOf([]));
    const controller = new AbortController();
    const reply = model.reply(requestOf({ signal: controller.signal }));
    controller.abort('timed-out');
    expect(await reply).toMatchObject({ kind: 'failed', reason: 'timed-out' });
  });
});

describe('a rehearsal in a group', () => {
  const group = { members: ['alice', 'bob', 'cy'], topic: 'Tea' };
  const lines: readonly (readonly [string, string])[] = [
    ['cy', 'Hello.'],
    ['alice', 'Hello.'],
    ['bob', 'Hello.'],
  ];

  it('a rehearsal names the member that was silent longest, where a name in a message gives the floor', () => {
    for (const policy of ['moderator', 'mention'] as const) {
      const context = contextOf(lines, { ...group, policy, moderator: 'alice' });
      expect(rehearse(context, 0)).toMatch(/@cy[.?]$/);
    }
    expect(rehearse(contextOf(lines, { ...group, policy: 'moderator', moderator: 'bob' }), 0)).not.toContain(
      '@',
    );
  });

  it('a rehearsal votes to end only when another member has voted, or near the end when votes were asked for', () => {
    const votes = (more: object) => rehearse(contextOf(lines, { ...group, ...more }), 0).endsWith('\n[DONE]');
    const voted = contextOf(lines, group).lines.map((line) => ({ ...line, done: true }));
    expect(votes({ lines: voted })).toBe(true);
    expect(votes({ quorum: 2, remaining: { turns: 6 } })).toBe(true);
    expect(votes({ quorum: 2, remaining: { turns: 7 } })).toBe(false);
    expect(votes({ remaining: { turns: 1 } })).toBe(false);
    expect(votes({ lines: voted, quorum: 0 })).toBe(false);
  });

  it('a rehearsal closes the conversation that it moderates', () => {
    const context = contextOf(lines, {
      ...group,
      policy: 'moderator',
      moderator: 'alice',
      remaining: { turns: 2 },
    });
    expect(rehearse(context, 0)).toMatch(/\n\[DONE\]$/);
  });

  it('a rehearsal bids more the longer it has been silent, and the same for the same seed', async () => {
    const bid = async (context: Partial<TurnContext>, seed = 0) => {
      const reply = await makeRehearsal({ seed, delayMs: 0 })
        .modelFor(contextOf(lines, { ...group, ...context }))
        .reply(requestOf({ purpose: 'bid' }));
      return reply.kind === 'text' ? Number(reply.text) : Number.NaN;
    };
    expect(await bid({})).toBe(await bid({}));
    expect(await bid({})).not.toBe(await bid({}, 1));
    expect(await bid({ self: 'cy' })).toBeGreaterThan(0);
    const long = Array.from({ length: 24 }, () => ['bob', 'Hello.'] as const);
    expect(await bid({ lines: contextOf(long).lines })).toBe(0);
    expect(await bid({ lines: contextOf(long).lines, remaining: { turns: 9 } })).toBeGreaterThan(40);
  });

  it('a rehearsal says other messages under another model or another seed of the conversation', async () => {
    const said = async (more: Partial<TurnContext>) => {
      const reply = await makeRehearsal({ seed: undefined, delayMs: 0 })
        .modelFor(contextOf([], more))
        .reply(requestOf());
      return reply.kind === 'text' ? reply.text : reply.reason;
    };
    const seeded = await said({ seed: 1 });
    expect(await said({ seed: 1, conversation: 'another' })).toBe(seeded);
    expect(await said({ seed: 1, model: 'large' })).not.toBe(seeded);
    expect(await said({ seed: 2 })).not.toBe(seeded);
  });

  it('a rehearsal summarises the last message of each member', async () => {
    const context = contextOf([], group);
    const messages = [
      { role: 'user' as const, content: 'What was said since:\nbob: I like tea. Much.\ncy: So do I.' },
    ];
    const reply = await makeRehearsal({ seed: 0, delayMs: 0 })
      .modelFor(context)
      .reply(requestOf({ purpose: 'summary', messages }));
    expect(reply).toMatchObject({ text: 'bob said: I like tea.\ncy said: So do I.' });
  });
});
