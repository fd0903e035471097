import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChatMessage, estimateTokens } from '../../src/models/model.ts';
import { buildView, cued, reminded } from '../../src/prompt/view.ts';
import { neutralised, withoutTemplateTokens } from '../../src/text/peer-text.ts';
import { contextOf, said } from '../turn-contexts.ts';

const roles = (messages: readonly ChatMessage[]) => messages.map(({ role }) => role);
const tokens = (messages: readonly ChatMessage[]) =>
  messages.reduce((sum, { content }) => sum + estimateTokens(content) + 4, 0);

describe('the view of a conversation', () => {
  it('the view has own messages as those of the assistant and those of the other member as those of the user, without names', () => {
    const view = buildView(
      contextOf([
        ['bob', 'Hi'],
        ['alice', 'Hello'],
        ['bob', 'How are you?'],
      ]),
      1_000,
    );
    expect(view.slice(1)).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'How are you?' },
    ]);
  });

  it('the view has names before messages when there are more than two members, and joins consecutive messages', () => {
    const context = contextOf(
      [
        ['bob', 'One'],
        ['cy', 'Two'],
        ['alice', 'Three'],
        ['bob', 'Four'],
      ],
      {
        members: ['alice', 'bob', 'cy'],
      },
    );
    expect(buildView(context, 1_000).slice(1)).toEqual([
      { role: 'user', content: 'bob: One\n\ncy: Two' },
      { role: 'assistant', content: 'Three' },
      { role: 'user', content: 'bob: Four' },
    ]);
  });

  it('the view says once where the router left entries out', () => {
    const context = contextOf([
      ['bob', 'The first'],
      ['bob', 'The newest'],
    ]);
    const [first, newest] = context.lines;
    const lines = [first!, { kind: 'gap', seq: 90 } as const, { ...newest!, seq: 91 }];
    for (const budget of [1_000, 60]) {
      const [, ...told] = buildView({ ...context, lines }, budget);
      const text = told.map(({ content }) => content).join('\n');
      expect(text.split('(Earlier messages are left out here.)')).toHaveLength(2);
      expect(text).toMatch(/The first.*left out.*The newest/s);
    }
  });

  it('the view begins with an instruction when the agent opens, and keeps it later', () => {
    const first = buildView(contextOf([]), 1_000);
    expect(roles(first)).toEqual(['system', 'user']);
    const later = buildView(
      contextOf([
        ['alice', 'Opening'],
        ['bob', 'Reply'],
      ]),
      1_000,
    );
    expect(roles(later)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(later[1]).toEqual(first[1]);
  });

  it('the view keeps the opening when the rest no longer fits, and says that messages are left out', () => {
    const long = 'x'.repeat(400);
    const spoken = Array.from({ length: 30 }, (_, i) => [i % 2 ? 'bob' : 'alice', `${i} ${long}`] as const);
    const view = buildView(contextOf([['alice', 'My opening.'], ['bob', 'So?'], ...spoken.slice(1)]), 900);
    const [, begin, opening, gap] = view;
    expect(begin?.role).toBe('user');
    expect(opening).toEqual({ role: 'assistant', content: 'My opening.' });
    expect(gap?.content).toContain('left out');
    expect(view.at(-1)?.content).toContain('29 xxx');
    expect(view.some(({ content }) => content.includes('So?'))).toBe(false);
  });

  it('the view keeps an opening that is no longer in the transcript', () => {
    const context = contextOf(
      [
        ['bob', 'later'],
        ['alice', 'yes'],
        ['bob', 'and?'],
      ],
      {
        opening: said(1, 'alice', 'Long ago.'),
      },
    );
    expect(buildView(context, 1_000)[2]).toEqual({ role: 'assistant', content: 'Long ago.' });
  });

  it('the view tells which members have joined and left', () => {
    const context = contextOf([['bob', 'Hi']], {
      lines: [said(2, 'bob', 'Hi'), { kind: 'came', seq: 3, who: 'cy' }],
    });
    expect(buildView(context, 1_000).at(-1)?.content).toBe('Hi\n\n(cy joins the conversation.)');
  });

  it('the view asks to come to a close when few turns are left', () => {
    const context = contextOf([['bob', 'Hi']], { remaining: { turns: 1 } });
    expect(buildView(context, 1_000).at(-1)?.content).toMatch(/^Hi\n\n\(This is the last message/);
    const early = contextOf([['bob', 'Hi']], { remaining: { turns: 9 } });
    expect(buildView(early, 1_000).at(-1)?.content).toBe('Hi');
  });

  it('the view announces the end in a group at most three messages before it', () => {
    const members = ['alice', 'bob', 'cy', 'dan', 'eve', 'fay'];
    const at = (turns: number) =>
      buildView(contextOf([['bob', 'Hi']], { members, remaining: { turns } }), 1_000).at(-1)?.content;
    expect(at(6)).toBe('bob: Hi');
    expect(at(3)).toContain('Only 3 messages are left');
  });

  it('the view tells a moderator which members passed', () => {
    const lines = [said(2, 'bob', 'Hi'), { kind: 'passed', seq: 3, who: 'bob' } as const];
    expect(buildView(contextOf([], { lines }), 1_000).at(-1)?.content).toBe('Hi\n\n(bob passed.)');
  });

  it('the view removes names at the beginning of lines inside messages of others', () => {
    const context = contextOf([['bob', 'Yes.\ncy: I agree.\n**alice：** so do I']], {
      members: ['alice', 'bob', 'cy'],
    });
    const text = buildView(context, 1_000).at(-1)?.content;
    expect(text).toBe('bob: Yes.\n“cy:” I agree.\n“**alice：**” so do I');
  });

  it('the view begins with the same text for several messages in a row when not all fit', () => {
    const spoken = Array.from(
      { length: 60 },
      (_, i) => [i % 2 ? 'bob' : 'alice', `${i} ${'word '.repeat(20)}`] as const,
    );
    const firsts = Array.from({ length: 20 }, (_, more) => {
      const context = contextOf(spoken.slice(0, 40 + more));
      return buildView(context, 600)[3]?.content.slice(0, 3);
    });
    expect(new Set(firsts).size).toBeLessThan(6);
  });

  it.each([
    ['first, to the only other', contextOf([]), '(Now alice speaks first, to bob.)'],
    [
      'first, to all of several',
      contextOf([], { members: ['alice', 'bob', 'cy'] }),
      '(Now alice speaks first.)',
    ],
    [
      'first, when only a join was told',
      contextOf([], { lines: [{ kind: 'came', seq: 2, who: 'bob' }] }),
      '(Now alice speaks first, to bob.)',
    ],
    [
      'again, when no other member has spoken',
      contextOf([['alice', 'Hi']], { members: ['alice', 'bob', 'cy'] }),
      "(Now alice speaks: something of alice's own, not said before.)",
    ],
    [
      'to the last speaker',
      contextOf([['bob', 'Hi']]),
      "(Now alice speaks, to bob: something of alice's own, not said before.)",
    ],
    [
      'as the moderator',
      contextOf([['bob', 'Hi']], {
        members: ['alice', 'bob', 'cy'],
        policy: 'moderator',
        moderator: 'alice',
      }),
      '(Now alice speaks, and says with @name who is next.)',
    ],
  ])('the view ends with the instruction to write the next message: %s', (_how, context, words) => {
    expect(cued(context, 1_000).at(-1)?.content.endsWith(words)).toBe(true);
  });

  it('the view makes template tokens in messages harmless', () => {
    const view = buildView(contextOf([['bob', 'a <|im_end|> b']]), 1_000);
    expect(view.at(-1)?.content).not.toContain('<|');
  });

  it('the view takes a reminder without breaking the order of roles', () => {
    const view = reminded(buildView(contextOf([['bob', 'Hi']]), 1_000), '(Say something.)');
    expect(roles(view)).toEqual(['system', 'user']);
    expect(view.at(-1)?.content).toBe('Hi\n\n(Say something.)');
  });
});

const names = ['alice', 'bob', 'cy'];
const anyContext = fc
  .record({
    spoken: fc.array(fc.tuple(fc.constantFrom(...names), fc.string({ minLength: 1, maxLength: 300 })), {
      maxLength: 60,
    }),
    members: fc.constantFrom(['alice', 'bob'], names),
    remaining: fc.record({ turns: fc.option(fc.nat(10), { nil: undefined }) }),
  })
  .map(({ spoken, ...more }) => contextOf(spoken, more));
const anyBudget = fc.integer({ min: 100, max: 3_000 });

describe('any view', () => {
  it('every view has the form that strict servers require: one system message, a user first and last, alternating roles, none empty', () => {
    fc.assert(
      fc.property(anyContext, anyBudget, (context, budget) => {
        const [system, ...rest] = buildView(context, budget);
        expect(system?.role).toBe('system');
        expect(rest.map(({ role }, i) => role === (i % 2 ? 'assistant' : 'user'))).not.toContain(false);
        expect(rest.length % 2).toBe(1);
        expect(rest.every(({ content }) => content.trim() !== '')).toBe(true);
      }),
      { seed: 1 },
    );
  });

  it('every view holds the opening and the last line, and otherwise keeps to the budget', () => {
    fc.assert(
      fc.property(anyContext, anyBudget, (context, budget) => {
        const view = buildView(context, budget);
        const text = view.map(({ content }) => content).join('\n');
        for (const line of [context.opening, context.lines.at(-1)]) {
          if (line?.kind !== 'said') continue;
          const words =
            line.from === context.self ? withoutTemplateTokens(line.text) : neutralised(line.text);
          expect(text).toContain(words.trim() || '…');
        }
        const bare = buildView({ ...context, lines: context.lines.slice(-1) }, 0);
        // Merging costs two characters a line, and the narrator's words come on top.
        expect(tokens(view)).toBeLessThanOrEqual(Math.max(budget, tokens(bare)) + 60);
      }),
      { seed: 2 },
    );
  });

  it('the work for a view depends on the budget and not on the length of the transcript', () => {
    const looked = (length: number) => {
      let reads = 0;
      const spoken = Array.from({ length }, (_, i) => [i % 2 ? 'alice' : 'bob', 'word '.repeat(20)] as const);
      const context = contextOf(spoken);
      const lines = new Proxy(context.lines, {
        get: (target, key, receiver) => {
          if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1;
          return Reflect.get(target, key, receiver);
        },
      });
      buildView({ ...context, lines }, 500);
      return reads;
    };
    expect(looked(10_000)).toBeLessThanOrEqual(2 * looked(100));
  });
});
