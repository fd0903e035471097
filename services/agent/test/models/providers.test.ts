import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Line, TurnContext } from '../../src/memory/turn-context.ts';
import type { ChatMessage } from '../../src/models/model.ts';
import { OpenAIParameters } from '../../src/models/openai/openai-parameters.ts';
import { buildView } from '../../src/prompt/view.ts';
import { contextOf, said } from '../turn-contexts.ts';

const roles = (messages: readonly ChatMessage[]): string => messages.map(({ role }) => role[0]).join('');

/** Requests that servers refuse, each with the message of the server. A role is written as its first character. */
const quirks: readonly (readonly [string, string, (view: readonly ChatMessage[]) => boolean])[] = [
  ['Mistral', 'Expected last role User or Tool', (view) => view.at(-1)?.role === 'user'],
  [
    'vLLM and llama.cpp templates',
    'Conversation roles must alternate',
    (view) => /^s(ua)*u$/.test(roles(view)),
  ],
  [
    'Anthropic, compatible endpoint',
    'first message must use the user role',
    (view) => view[1]?.role === 'user',
  ],
  [
    'Anthropic, compatible endpoint',
    'text content blocks must be non-empty',
    (view) => view.every(({ content }) => content.trim() !== ''),
  ],
  [
    'Anthropic, compatible endpoint',
    'must not end with trailing whitespace',
    (view) => view.every(({ content }) => content === content.trimEnd()),
  ],
  [
    'Qwen templates',
    'System message must be at the beginning',
    (view) => view.findLastIndex(({ role }) => role === 'system') === 0,
  ],
  [
    'Gemini, compatible endpoint',
    'contents are required',
    (view) => view.some(({ role }) => role === 'user'),
  ],
  [
    'Ollama',
    'the name field is ignored',
    (view) => view.every((message) => Object.keys(message).join() === 'role,content'),
  ],
];

const text = fc.oneof(fc.constantFrom('', ' ', '\n', '(x)', '[DONE]'), fc.string({ maxLength: 200 }));
const anyLine = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      from: fc.constantFrom('alice', 'bob', 'cy'),
      text,
      aside: fc.boolean(),
      done: fc.boolean(),
    }),
  },
  fc.record({ who: fc.constantFrom('alice', 'cy') }),
  fc.record({ note: text }),
);
const anyContext: fc.Arbitrary<TurnContext> = fc
  .record({
    lines: fc.array(anyLine, { maxLength: 40 }),
    members: fc.constantFrom(['alice', 'bob'], ['alice', 'bob', 'cy']),
    through: fc.option(fc.nat(40), { nil: undefined }),
    turns: fc.option(fc.nat(5), { nil: undefined }),
    policy: fc.constantFrom('addressed', 'moderator', 'mention'),
  })
  .map(({ lines, members, through, turns, policy }) => {
    const all = lines.map((line, index): Line => {
      const seq = index + 2;
      if ('who' in line) return { kind: 'came', seq, who: line.who };
      if ('note' in line) return { kind: 'note', seq, about: 'nudge', text: line.note };
      const { from, aside, done } = line;
      return { kind: 'said', seq, from, text: line.text, done, ...(aside && { to: ['bob'] }) };
    });
    const summary = through === undefined ? undefined : { through, text: 'Notes.' };
    const opening = all.find((line) => line.kind === 'said');
    return contextOf([], {
      lines: all,
      members,
      summary,
      opening,
      remaining: { turns },
      policy,
      moderator: 'alice',
    });
  });

describe('any conversation, as its model is shown it', () => {
  it.each(quirks)('the prompt of any conversation gives %s no reason for “%s”', (_, __, fits) => {
    fc.assert(
      fc.property(anyContext, fc.integer({ min: 100, max: 2_000 }), (context, budget) => {
        expect(fits(buildView(context, budget))).toBe(true);
      }),
      { seed: 61 },
    );
  });
});

/** The whole request for contexts that are known to cause errors of servers. */
describe('the view, word for word,', () => {
  const chat = (context: TurnContext) =>
    buildView(context, 2_000)
      .slice(1)
      .map(({ role, content }) => `${role}: ${content}`);

  it('the view of a conversation that the agent opened begins with a user message', () => {
    expect(
      chat(
        contextOf(
          [
            ['alice', 'Hello.'],
            ['bob', 'Hi.'],
          ],
          { topic: 'Tea' },
        ),
      ),
    ).toEqual(['user: (The conversation begins.)', 'assistant: Hello.', 'user: Hi.']);
  });

  it('the view of a conversation in which the agent spoke last ends with a user message', () => {
    expect(
      chat(
        contextOf([
          ['bob', 'Hi.'],
          ['alice', 'Hello.'],
        ]),
      ).at(-1),
    ).toBe('user: (No answer has come yet.)');
  });

  it('the view of a group shows private messages, votes, private notes, joins and leaves, each in its own form', () => {
    const lines: Line[] = [
      said(2, 'bob', 'Good morning.'),
      { kind: 'came', seq: 3, who: 'cy' },
      { ...said(4, 'cy', 'I have two aces.'), to: ['alice'] },
      { kind: 'note', seq: 5, about: 'whisper', text: 'Be brief.' },
      { ...said(6, 'alice', 'I know.'), to: ['cy'] },
      { ...said(7, 'bob', 'Enough.'), done: true },
      { kind: 'note', seq: 8, about: 'nudge', text: 'Say something new.' },
      { kind: 'went', seq: 9, who: 'cy' },
    ];
    expect(
      chat(contextOf([], { lines, members: ['alice', 'bob', 'cy'], opening: lines[0] as never })),
    ).toEqual([
      [
        'user: bob: Good morning.',
        '(cy joins the conversation.)',
        'cy: (aside to alice) I have two aces.',
        '[Private note to alice] from the operator: Be brief.',
      ].join('\n\n'),
      'assistant: (aside to cy) I know.',
      [
        'user: bob: Enough.\n(bob votes to end the conversation here.)',
        '[Private note to alice] from the router: Say something new.',
        '(cy leaves the conversation.)',
      ].join('\n\n'),
    ]);
  });

  it('the view of a conversation that the agent joined late begins with that fact', () => {
    const lines: Line[] = [{ kind: 'came', seq: 9, who: 'alice' }, said(10, 'bob', 'Welcome.')];
    expect(chat(contextOf([], { lines, opening: lines[1] as never }))).toEqual([
      'user: (You join the conversation.)\n\nWelcome.',
    ]);
  });
});

describe('a server whose template knows no system message', () => {
  it.each([
    'System role not supported',
    'Only user and assistant roles are supported!',
    'Conversation roles must alternate user/assistant/user/assistant/...',
    "This model does not support the 'system' role.",
  ])(
    'a server whose template supports no system message gets that text in the first user message from then on: %s',
    (message) => {
      const parameters = new OpenAIParameters(false);
      const view = buildView(contextOf([['bob', 'Hi.']]), 1_000);
      expect(parameters.messages(view)).toBe(view);
      expect(parameters.learn({ status: 400, message }, {})?.parameter).toBe('system message');
      const told = parameters.messages(view);
      expect(roles(told)).toBe('u');
      expect(told[0]?.content).toBe(`${view[0]?.content}\n\nHi.`);
      expect(parameters.learn({ status: 400, message }, {})).toBeUndefined();
    },
  );
});
