import { describe, expect, it } from 'vitest';
import type { SaidLine, TurnContext } from '../../src/memory/turn-context.ts';
import { makeRehearsal, rehearse, roleOf, sideOf } from '../../src/models/rehearsal/rehearsal.ts';
import { pickQuote } from '../../src/models/rehearsal/rehearsal-quote.ts';
import { said, sceneOf } from '../turn-contexts.ts';
import { requestOf } from './requests.ts';

/** A whole conversation, each member speaking in turn. */
const conversation = (members: readonly string[], length: number, seed: number): readonly SaidLine[] => {
  const lines: SaidLine[] = [];
  for (let turn = 1; turn <= length; turn++) {
    const self = members[(turn - 1) % members.length]!;
    const context = sceneOf([], {
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
  it('is the same for the same seed, and another for another', () => {
    expect(conversation(['alice', 'bob'], 12, 1)).toEqual(conversation(['alice', 'bob'], 12, 1));
    expect(conversation(['alice', 'bob'], 12, 1)).not.toEqual(conversation(['alice', 'bob'], 12, 2));
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'says no sentence of substance twice in forty turns (seed %i)',
    (seed) => {
      const long = sentencesOf(conversation(['alice', 'bob'], 40, seed)).filter(({ length }) => length > 45);
      expect(long.filter((sentence, i) => long.indexOf(sentence) !== i)).toEqual([]);
    },
  );

  it('begins with the topic, refers to what was said, and takes leave at the end', () => {
    const lines = conversation(['alice', 'bob'], 20, 3);
    expect(lines[0]?.text).toContain('“Should bridges sing?”');
    const quotes = lines.slice(1).flatMap(({ text }, i) => {
      const quote = /“([^”?]+)”/.exec(text)?.[1];
      return quote ? [lines[i]!.text.toLowerCase().includes(quote.toLowerCase())] : [];
    });
    expect(quotes.filter(Boolean).length).toBeGreaterThan(5);
    expect(lines.at(-1)?.text).toMatch(/still|stands|has become/);
  });

  it('answers a question with its own side of the same matter', () => {
    const context = sceneOf([['bob', 'So tell me, alice: Who pays for it in the first year?']], {
      persona: 'a sceptic',
    });
    expect(rehearse(context, 0)).toContain('Somebody has to pay for it on day one');
  });

  it('goes on talking with somebody who says things that no script knows', () => {
    const context = sceneOf([['bob', 'I bought seven green umbrellas yesterday, and nobody believes me.']], {
      self: 'alice',
    });
    expect(rehearse(context, 0)).toMatch(/seven green umbrellas|nobody believes me/);
    for (const odd of ['?', '…', '“”', 'ok', '🙂🙂', '\n\n']) {
      expect(rehearse(sceneOf([['bob', odd]]), 0).length).toBeGreaterThan(20);
    }
  });

  it('says a stop phrase in the end when nothing else would stop it', () => {
    const context = sceneOf([['bob', 'Go on.']], { turn: 30, stopPhrases: ['THE END'] });
    expect(rehearse(context, 0)).toMatch(/THE END$/);
    expect(rehearse({ ...context, remaining: { turns: 10 } }, 0)).not.toContain('THE END');
  });
});

describe('a persona', () => {
  it.each([
    ['You are Ada, a retired judge. You like order.', 'a retired judge'],
    ['an old sailor', 'an old sailor'],
    ['Speak in rhymes.', undefined],
  ])('%j gives the role %j', (persona, role) => {
    expect(roleOf(persona)).toBe(role);
  });

  it('decides on which side one stands, else the members take sides by turns', () => {
    expect(sideOf(sceneOf([], { persona: 'You doubt grand plans.' }))).toBe('con');
    expect(sideOf(sceneOf([], { self: 'bob', persona: 'An enthusiast.' }))).toBe('pro');
    expect([sideOf(sceneOf([])), sideOf(sceneOf([], { self: 'bob' }))]).toEqual(['pro', 'con']);
  });
});

describe('a quotation', () => {
  it('is a clause, not a quotation itself, and not used before', () => {
    const text = 'You say “never again”; the river was high last spring, and nobody crossed it.';
    const first = pickQuote(text, '', () => 0);
    expect(first).toBe('the river was high last spring');
    expect(pickQuote(text, `“${first}”`, () => 0)).toBe('and nobody crossed it');
  });
});

describe('the rehearsal model', () => {
  it('streams in words, keeps to the limit of tokens and estimates its usage', async () => {
    const model = makeRehearsal({ seed: 0, delayMs: 0 }).modelFor(sceneOf([['bob', 'Hi']]));
    const shown: string[] = [];
    const reply = await model.reply(requestOf({ maxOutputTokens: 20, onText: (word) => shown.push(word) }));
    if (reply.kind !== 'text') throw new Error(reply.reason);
    expect(shown.join('')).toBe(reply.text);
    expect(shown.length).toBeGreaterThan(3);
    expect(reply.usage).toMatchObject({ model: 'rehearsal', estimated: true });
    expect(reply.usage.outputTokens).toBeLessThanOrEqual(20);
  });

  it('varies by conversation unless it is given a seed', async () => {
    const textIn = async (conversation: string, seed: number | undefined) => {
      const context = sceneOf([], { conversation });
      const reply = await makeRehearsal({ seed, delayMs: 0 }).modelFor(context).reply(requestOf());
      return reply.kind === 'text' ? reply.text : reply.reason;
    };
    expect(await textIn('c1', undefined)).not.toBe(await textIn('c2', undefined));
    expect(await textIn('c1', 7)).toBe(await textIn('c2', 7));
  });

  it('is called off like any other model', async () => {
    const model = makeRehearsal({ seed: 0, delayMs: 60_000 }).modelFor(sceneOf([]));
    const controller = new AbortController();
    const reply = model.reply(requestOf({ signal: controller.signal }));
    controller.abort('timed-out');
    expect(await reply).toMatchObject({ kind: 'failed', reason: 'timed-out' });
  });
});

describe('a rehearsal in a room', () => {
  const room = { members: ['alice', 'bob', 'cy'], topic: 'Tea' };
  const lines: readonly (readonly [string, string])[] = [
    ['cy', 'Hello.'],
    ['alice', 'Hello.'],
    ['bob', 'Hello.'],
  ];

  it('hands the word to whoever has been silent longest, where a name in a line does that', () => {
    for (const policy of ['moderator', 'mention'] as const) {
      const context = sceneOf(lines, { ...room, policy, moderator: 'alice' });
      expect(rehearse(context, 0)).toMatch(/@cy[.?]$/);
    }
    expect(rehearse(sceneOf(lines, { ...room, policy: 'moderator', moderator: 'bob' }), 0)).not.toContain(
      '@',
    );
  });

  it('votes to end when somebody else has, or near the end where votes were asked for; not otherwise', () => {
    const votes = (more: object) => rehearse(sceneOf(lines, { ...room, ...more }), 0).endsWith('\n[DONE]');
    const voted = sceneOf(lines, room).lines.map((line) => ({ ...line, done: true }));
    expect(votes({ lines: voted })).toBe(true);
    expect(votes({ quorum: 2, remaining: { turns: 6 } })).toBe(true);
    expect(votes({ quorum: 2, remaining: { turns: 7 } })).toBe(false);
    expect(votes({ remaining: { turns: 1 } })).toBe(false);
    expect(votes({ lines: voted, quorum: 0 })).toBe(false);
  });

  it('closes the conversation that it moderates', () => {
    const context = sceneOf(lines, {
      ...room,
      policy: 'moderator',
      moderator: 'alice',
      remaining: { turns: 2 },
    });
    expect(rehearse(context, 0)).toMatch(/\n\[DONE\]$/);
  });

  it('bids the more the longer it has been silent, the same for the same seed', async () => {
    const bid = async (context: Partial<TurnContext>, seed = 0) => {
      const reply = await makeRehearsal({ seed, delayMs: 0 })
        .modelFor(sceneOf(lines, { ...room, ...context }))
        .reply(requestOf({ purpose: 'bid' }));
      return reply.kind === 'text' ? Number(reply.text) : Number.NaN;
    };
    expect(await bid({})).toBe(await bid({}));
    expect(await bid({})).not.toBe(await bid({}, 1));
    expect(await bid({ self: 'cy' })).toBeGreaterThan(0);
    const long = Array.from({ length: 24 }, () => ['bob', 'Hello.'] as const);
    expect(await bid({ lines: sceneOf(long).lines })).toBe(0);
    expect(await bid({ lines: sceneOf(long).lines, remaining: { turns: 9 } })).toBeGreaterThan(40);
  });

  it('says other messages under another model or seed of the conversation', async () => {
    const said = async (more: Partial<TurnContext>) => {
      const reply = await makeRehearsal({ seed: undefined, delayMs: 0 })
        .modelFor(sceneOf([], more))
        .reply(requestOf());
      return reply.kind === 'text' ? reply.text : reply.reason;
    };
    const seeded = await said({ seed: 1 });
    expect(await said({ seed: 1, conversation: 'another' })).toBe(seeded);
    expect(await said({ seed: 1, model: 'large' })).not.toBe(seeded);
    expect(await said({ seed: 2 })).not.toBe(seeded);
  });

  it('takes notes of what each one said last', async () => {
    const context = sceneOf([], room);
    const messages = [
      { role: 'user' as const, content: 'What was said since:\nbob: I like tea. Much.\ncy: So do I.' },
    ];
    const reply = await makeRehearsal({ seed: 0, delayMs: 0 })
      .modelFor(context)
      .reply(requestOf({ purpose: 'summary', messages }));
    expect(reply).toMatchObject({ text: 'bob said: I like tea.\ncy said: So do I.' });
  });
});
