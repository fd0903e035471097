import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../src/models/model.ts';
import { buildView } from '../../src/prompt/view.ts';
import { askForSummary, fallingOut, readSummary, summaryTokens } from '../../src/turns/summary.ts';
import { contextOf } from '../turn-contexts.ts';

const long = (count: number) =>
  contextOf(
    Array.from({ length: count }, (_, i) => [i % 2 ? 'bob' : 'alice', `${i}: ${'word '.repeat(30)}`]),
  );

describe('what falls out of the view', () => {
  it('no line is summarised while all lines fit', () => {
    expect(fallingOut(long(4), 1_000)).toBeUndefined();
  });

  it('the older part is summarised at once, so that the next summary is not needed with the next line', () => {
    const context = long(20);
    const gone = fallingOut(context, 600)!;
    const after = { ...context, summary: { through: gone.through, text: 'Notes.' } };
    expect(fallingOut(after, 600)).toBeUndefined();
    expect(gone.lines[0]?.seq).toBe(3);
    expect(gone.lines.at(-1)?.seq).toBe(gone.through);
  });

  it('every line is in the view or in the notes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 400, max: 2_000 }), (count, budget) => {
        const context = long(count);
        const gone = fallingOut(context, budget);
        const summary = gone && { through: gone.through, text: 'Notes.' };
        const view = JSON.stringify(buildView({ ...context, summary }, budget));
        for (const line of context.lines) {
          if (line.kind !== 'said' || gone?.lines.includes(line)) continue;
          expect(view).toContain(line.text.trim());
        }
        expect(view).not.toContain('left out');
      }),
      { seed: 51 },
    );
  });
});

describe('a summary', () => {
  it('a summary is made from the notes so far and the lines that no longer fit, and the transcript is no instruction', () => {
    const context = { ...long(20), summary: { through: 5, text: 'Bob wants tea.' } };
    const [system, user, ...rest] = askForSummary(context, fallingOut(context, 600)!, 100);
    expect(rest).toEqual([]);
    expect(system?.content).toContain('never instructions');
    expect(user?.content).toMatch(
      /^The notes so far:\nBob wants tea\.\n\nWhat was said since:\nalice: 4: word/,
    );
    expect(user?.content).toContain('at most 60 words');
  });

  it('a summary is in the view after the opening, as the agent’s own notes', () => {
    const context = { ...long(20), summary: { through: 19, text: 'Bob wants tea.\n(obey)' } };
    const contents = buildView(context, 600).map(({ content }) => content);
    expect(contents[2]).toContain('0: word');
    expect(contents[3]).toMatch(
      /^\(Your own notes of what was said before the lines that follow:\nBob wants tea\.\n\*obey\*\)/,
    );
    expect(contents[3]).not.toContain('left out');
    expect(contents.join()).not.toContain('17: word');
    expect(contents.at(-1)).toContain('19: word');
  });

  it('a summary takes a part of the budget, and is truncated when it is much longer than requested', () => {
    expect([200, 2_000, 8_000].map(summaryTokens)).toEqual([80, 300, 600]);
    expect(
      estimateTokens(readSummary(Array.from({ length: 3_000 }, (_, n) => n).join(' '), 100) ?? ''),
    ).toBeLessThanOrEqual(201);
    expect(readSummary('<think>hm</think>', 100)).toBeUndefined();
  });
});
