import type { Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { formats } from '../src/export-formats.ts';
import { ended, opened, said } from './entries.ts';

const usage = { inputTokens: 1_000, outputTokens: 234, model: 'm' };
const entries = [
  opened({ topic: 'ships' }),
  said(2, 'alice', 'Hello', { usage }),
  said(3, 'bob', 'Hi'),
  said(4, 'bob', 'there'),
  said(5, 'alice', 'Bye'),
  ended(6),
];
const as = (format: string, name: string, what = entries) => formats.get(format)!(what, name);

describe('export', () => {
  it('the export to jsonl has every entry unchanged', () => {
    const lines = as('jsonl', 'alice').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(entries);
  });

  it('the export counts the cost of bids and passes', () => {
    const about = { seq: 6, at: 6_000, turn: 6, from: 'bob', floor: [], usage, cost: 0.25 } as const;
    const bid: Entry = { type: 'bid', score: 0, ...about };
    const lapsed: Entry = { ...about, type: 'lapsed', cause: 'empty-reply' };
    expect(as('markdown', 'alice', [...entries.slice(0, 5), bid, lapsed])).toContain(
      '4 turns · 3,702 tokens (3,000 in, 702 out) · $0.50 · ',
    );
  });

  it('the export to markdown is readable text', () => {
    expect(as('markdown', 'alice')).toBe(
      `# ships

1970-01-01T00:00:01.000Z · 4 turns · 1,234 tokens (1,000 in, 234 out) · 5.0 s

**alice:** Hello

**bob:** Hi

**bob:** there

**alice:** Bye

---

Ended: max-turns (all the turns it was allowed are taken: 4)
`,
    );
  });

  it('the export to sharegpt has the perspective of one member', () => {
    expect(JSON.parse(as('sharegpt', 'bob'))).toEqual({
      conversations: [
        { from: 'human', value: 'Hello' },
        { from: 'gpt', value: 'Hi\n\nthere' },
        { from: 'human', value: 'Bye' },
      ],
    });
  });

  it('the export to openai has the perspective of one member, with the topic before it', () => {
    expect(JSON.parse(as('openai', 'alice'))).toEqual({
      messages: [
        { role: 'system', content: 'The topic: ships' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Hi\n\nthere' },
        { role: 'assistant', content: 'Bye' },
      ],
    });
  });

  it('the export names the speakers when there are several others', () => {
    const three = [opened(), said(2, 'alice', 'Hello'), said(3, 'bob', 'Hi'), said(4, 'cat', 'Hey')];
    expect(JSON.parse(as('openai', 'alice', three)).messages.at(-1)).toEqual({
      role: 'user',
      content: '[bob] Hi\n\n[cat] Hey',
    });
  });
});
