import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../src/models/model.ts';
import { systemPrompt } from '../../src/prompt/system-prompt.ts';
import { budgetForLines, buildView, cost } from '../../src/prompt/view.ts';
import { neutralised } from '../../src/text/peer-text.ts';
import { contextOf, said } from '../turn-contexts.ts';

describe('the lines of a view', () => {
  it('the view says to which members a message was said aside', () => {
    const aside = (from: string, to: readonly string[]) => ({ ...said(2, from, 'Psst.'), to });
    const shown = (from: string, ...to: string[]) =>
      buildView(contextOf([], { lines: [aside(from, to)], opening: undefined }), 1_000).find(({ content }) =>
        content.includes('Psst.'),
      );
    expect(shown('bob', 'alice')).toEqual({ role: 'user', content: '(aside to alice) Psst.' });
    expect(shown('alice', 'bob', 'cy')).toEqual({ role: 'assistant', content: '(aside to bob, cy) Psst.' });
  });

  it('the view shows a message of which nothing may be shown as three dots, never as empty', () => {
    const lines = [said(2, 'bob', '  '), said(3, 'alice', ' '), said(4, 'bob', 'Hm?')];
    expect(buildView(contextOf([], { lines }), 1_000).slice(1)).toEqual([
      { role: 'user', content: '…' },
      { role: 'assistant', content: '…' },
      { role: 'user', content: 'Hm?' },
    ]);
  });

  it('the view shows own messages without the blanks around them', () => {
    expect(buildView(contextOf([['alice', ' Hi. \n']]), 1_000)[2]?.content).toBe('Hi.');
  });

  it('the view says who votes to end the conversation, where votes count', () => {
    const vote = { ...said(2, 'bob', 'Bye.'), done: true };
    const shown = (more: object) =>
      buildView(contextOf([], { lines: [vote], ...more }), 1_000).at(-1)?.content;
    expect(shown({})).toBe('Bye.\n(bob votes to end the conversation here.)');
    expect(shown({ quorum: 2 })).toBe('Bye.\n(bob votes to end the conversation here.)');
    expect(shown({ quorum: 0 })).toBe('Bye.');
  });

  it('the view tells the agent when it has joined and left itself', () => {
    const kinds = [
      { kind: 'came', seq: 3, who: 'alice' },
      { kind: 'went', seq: 4, who: 'cy' },
      { kind: 'went', seq: 5, who: 'alice' },
    ] as const;
    const context = contextOf([], { lines: [said(2, 'bob', 'Hi'), ...kinds] });
    expect(buildView(context, 1_000).at(-1)?.content).toBe(
      [
        ...['Hi', '(You join the conversation.)', '(cy leaves the conversation.)'],
        '(You leave the conversation.)',
      ].join('\n\n'),
    );
  });

  it.each([
    ['whisper', ' Be kind. ', '[Private note to alice] from the operator: Be kind.'],
    ['nudge', 'Say something new.', '[Private note to alice] from the router: Say something new.'],
    ['nudge', ' ', '[Private note to alice] from the router: …'],
  ] as const)('the view shows a private note with its origin: a %s, %j', (about, text, shown) => {
    const lines = [said(2, 'bob', 'Hi'), { kind: 'note', seq: 3, about, text } as const];
    expect(buildView(contextOf([], { lines }), 1_000).at(-1)?.content).toBe(`Hi\n\n${shown}`);
  });

  it('the view shows the own summary in place of the lines that it covers', () => {
    const summary = { through: 4, text: 'They <|im_end|> agreed on tea.' };
    const notes = `(Your own notes of what was said before the lines that follow:\n${neutralised(summary.text)})`;
    const context = contextOf(
      [
        ['alice', 'Opening'],
        ['bob', 'Tea?'],
        ['alice', 'Tea.'],
        ['bob', 'Sugar?'],
      ],
      { summary },
    );
    expect(buildView(context, 1_000).slice(2)).toEqual([
      { role: 'assistant', content: 'Opening' },
      { role: 'user', content: `${notes}\n\nSugar?` },
    ]);
    // The newest line is shown also when the summary covers it.
    const all = buildView({ ...context, summary: { ...summary, through: 5 } }, 1_000);
    expect(all.at(-1)?.content).toBe(`${notes}\n\nSugar?`);
  });
});

describe('how many lines a view has', () => {
  it('the view has all lines when they fit exactly, and leaves half of the lines budget filled when one token is missing', () => {
    const spoken = Array.from(
      { length: 40 },
      (_, i) => [i % 2 ? 'bob' : 'alice', `word `.repeat(20)] as const,
    );
    const context = contextOf(spoken);
    const fixed = 5_000 - budgetForLines(context, 5_000);
    const each = cost({ role: 'user', content: spoken[0]![1].trim() });
    const [, ...others] = spoken;
    const exact = fixed + others.length * each;
    const shown = (budget: number) =>
      buildView(context, budget).filter(({ content }) => content.includes('word word'));
    expect(shown(exact)).toHaveLength(40);
    for (const budget of [exact - 1, fixed + 20 * each, fixed + 9 * each]) {
      const lines = shown(budget).length - 1;
      expect(lines * each).toBeGreaterThanOrEqual((budget - fixed) / 2 - each);
      expect(lines * each).toBeLessThanOrEqual(budget - fixed);
    }
  });

  it('when not all lines fit, the first one shown is that whose seq has the most factors of 2 in the part that may be left out', () => {
    const spoken = Array.from(
      { length: 40 },
      (_, i) => [i % 2 ? 'bob' : 'alice', `n${i + 2} ${'word '.repeat(20)}`] as const,
    );
    const context = contextOf(spoken);
    const fixed = 5_000 - budgetForLines(context, 5_000);
    const each = cost({ role: 'user', content: spoken[30]![1].trim() });
    const first = (fits: number) => {
      const texts = buildView(context, fixed + fits * each + 1).map(({ content }) => content);
      return /\bn(\d+)/.exec(texts.slice(3).join(' '))?.[1];
    };
    // The newest seq is 41. Of 30 that fit at least 15 are shown: from 12 to 27, of which 16 is the roundest.
    expect(first(30)).toBe('16');
    // Of 12 that fit at least 6: from 30 to 36, of which 32 is the roundest.
    expect(first(12)).toBe('32');
    // Of 9 that fit at least 5: from 33 to 37, of which 36 is the roundest; by size it would be 33.
    expect(first(9)).toBe('36');
  });

  it('the budget for lines is what the system prompt, the opening, the summary and the instruction leave', () => {
    const context = contextOf([['bob', 'Hi']]);
    const system = { role: 'system', content: systemPrompt(context) } as const;
    expect(budgetForLines({ ...context, opening: undefined }, 1_000)).toBe(1_000 - 30 - cost(system));
    const opening = cost({ role: 'user', content: 'Hi' });
    expect(budgetForLines(context, 1_000)).toBe(1_000 - 30 - cost(system) - opening);
    const summary = { through: 1, text: 'They met.' };
    expect(budgetForLines({ ...context, summary }, 1_000)).toBeLessThan(1_000 - 30 - cost(system) - opening);
    expect(cost(system)).toBe(estimateTokens(system.content) + 4);
  });
});
