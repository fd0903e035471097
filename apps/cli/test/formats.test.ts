import { type Entry, viewAfter } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import type { Exported, ExportFormat } from '../src/exports/exported.ts';
import { type FormatName, formats } from '../src/exports/formats.ts';
import { ended, opened, said } from './entries.ts';

const usage = { inputTokens: 1_000, outputTokens: 234, model: 'm' };
const entries = [
  opened({ topic: 'ships', cast: [{ name: 'alice', persona: 'You are quick.', model: 'm' }] }),
  said(2, 'alice', 'Hello', { usage }),
  said(3, 'bob', 'Hi'),
  said(4, 'bob', 'there'),
  said(5, 'alice', 'Bye'),
  ended(6),
];

const exportedOf = (what: readonly Entry[], as?: string): Exported => {
  const view = what.reduce<ReturnType<typeof viewAfter>>(
    (known, entry) => viewAfter(known, 'c1', entry),
    undefined,
  );
  if (!view) throw new Error('the entries of the test begin with no opened');
  return { view, entries: what, as };
};
const written = (name: FormatName, as?: string, what: readonly Entry[] = entries): string => {
  const format: ExportFormat = formats[name];
  const one = exportedOf(what, as);
  return (format.begin?.([one]) ?? '') + format.one(one) + (format.end?.() ?? '');
};

describe('export to jsonl', () => {
  it('the export to jsonl has every entry unchanged, with the id of its conversation', () => {
    const lines = written('jsonl').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      entries.map((entry) => ({ conversation: 'c1', ...entry })),
    );
  });
});

describe('export to markdown', () => {
  it('the export to markdown is readable text', () => {
    expect(written('markdown')).toBe(
      `# ships

\`c1\` · 1970-01-01T00:00:01.000Z · 4 turns · 1,234 tokens (1,000 in, 234 out) · 5.0 s

- **alice** (m): You are quick.

**alice** · 2

> Hello

**bob** · 3

> Hi

**bob** · 4

> there

**alice** · 5

> Bye

---

Ended: max-turns (the limit of turns is reached: 4)

`,
    );
  });

  it('the export to markdown keeps headings, rules and code of a text apart from those of the file', () => {
    const text =
      '# Title\n\n---\n```html\n<script>x</script>\n```\n<script>alert(1)</script> `<b>` ![p](http://x/p.png)';
    const shown = written('markdown', undefined, [opened(), said(2, 'alice', text)]);
    const quotation = shown.slice(shown.indexOf('**alice** · 2'), shown.lastIndexOf('---'));
    const lines = quotation.trimEnd().split('\n').slice(2);
    expect(lines.every((line) => line.startsWith('>'))).toBe(true);
    expect(quotation).toContain('> ```html\n> <script>x</script>\n> ```');
    expect(quotation).toContain('> \\<script>alert(1)\\</script> `<b>` !\\[p](http://x/p.png)');
  });

  it('the export to markdown takes names, topics and personas for text', () => {
    const shown = written('markdown', undefined, [
      opened({
        topic: '*x*\n# y <b>',
        members: ['a__b__c', 'bob'],
        cast: [{ name: 'bob', persona: 'p\n# q' }],
      }),
      said(2, 'a__b__c', 'z'),
    ]);
    expect(shown).toMatch(/^# \\\*x\\\* \\# y \\<b\\>\n/);
    expect(shown).toContain('**a\\_\\_b\\_\\_c** · 2');
    expect(shown).toContain('- **bob**: p \\# q');
  });

  it('the export to markdown counts the cost of bids and passes', () => {
    const about = { seq: 6, at: 6_000, turn: 6, from: 'bob', floor: [], usage, cost: 0.25 } as const;
    const bid: Entry = { type: 'bid', score: 0, ...about };
    const lapsed: Entry = { ...about, seq: 7, type: 'lapsed', cause: 'empty-reply' };
    expect(written('markdown', undefined, [...entries.slice(0, 5), bid, lapsed])).toContain(
      '4 turns · 3,702 tokens (3,000 in, 702 out) · $0.50 · ',
    );
  });
});

describe('export to csv', () => {
  it('the export to csv has a row for each entry, and quotes what needs it', () => {
    const rows = written('csv', undefined, [
      opened({ topic: 'ships' }),
      said(2, 'alice', 'a "b", c\nd', { usage, cost: 0.5, to: ['bob'] }),
    ]);
    expect(rows).toBe(
      `conversation,seq,time,type,turn,from,target,heard_by,text,model,input_tokens,output_tokens,cost
c1,1,1970-01-01T00:00:01.000Z,opened,,alice,,,ships,,,,
c1,2,1970-01-01T00:00:02.000Z,said,1,alice,,bob,"a ""b"", c
d",m,1000,234,0.5
`,
    );
  });

  it.each(['=1+1', '+1', '-1', '@x', ' =1', '\u00a0=1', '＝1', '＋1', '－1', '＠x'])(
    'the export to csv marks %s as text, so that no spreadsheet runs it',
    (text) => {
      expect(written('csv', undefined, [opened(), said(2, 'alice', text)])).toContain(`,'${text},`);
    },
  );
});

describe('export to html', () => {
  const hostile = `</div><script>alert(1)</script><img src=x onerror=alert(2)>"'&\u202etxt.exe`;

  it('the export to html escapes everything that peers wrote, and shows characters that hide', () => {
    const page = written('html', undefined, [
      opened({ topic: hostile, cast: [{ name: 'bob', persona: hostile, model: hostile }] }),
      said(2, 'alice', hostile),
      { type: 'ended', seq: 3, at: 3_000, reason: 'failed', detail: hostile },
    ]);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<img|\u202e/);
    expect(page.match(/⟨U\+202E⟩txt\.exe/g)?.length).toBeGreaterThanOrEqual(4);
    expect(page).toContain('&lt;/div&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('the export to html reads messages as Markdown; HTML, pictures and links of other kinds stay text', () => {
    const text = [
      '## Costs',
      'A **firm** yes, `x < y` & [more](https://example.org/a?b=1&c="2).',
      '1. one\n2. two',
      '| a | b |\n|---|---|\n| <b>1</b> | 2 |',
      '```html\n<script>alert(1)</script>\n```',
      '![a picture](https://example.org/p.png) [bad](javascript:alert(1)) <img src=x>',
    ].join('\n\n');
    const page = written('html', undefined, [opened(), said(2, 'alice', text)]);
    const [, message = ''] = /<div class="text" dir="auto">(.*?)<\/div><\/article>/s.exec(page) ?? [];
    expect(message).toContain('<p class="heading" dir="auto">Costs</p>');
    expect(message).toContain(
      'A <strong>firm</strong> yes, <code>x &lt; y</code> &amp; <a href="https://example.org/',
    );
    expect(message).toContain('<span class="target">(example.org)</span>');
    expect(message).toContain('<ol start="1" dir="auto"><li>one</li><li>two</li></ol>');
    expect(message).toContain('<td dir="auto">&lt;b&gt;1&lt;/b&gt;</td>');
    expect(message).toContain('<pre dir="ltr"><code>&lt;script&gt;alert(1)&lt;/script&gt;</code></pre>');
    expect(message).toContain('image: a picture</a>');
    expect(message).toContain('[bad](javascript:alert(1)) &lt;img src=x&gt;');
    expect(
      message.match(/<(?!\/?(p|strong|code|a|span|ol|li|table|thead|tbody|tr|th|td|pre)\b)/g),
    ).toBeNull();
    expect(message.match(/ (?!class=|dir=|href=|start=)[\w-]+="/g)).toBeNull();
  });

  it('the export to html of a fork and its parent says which of them is the fork, in its list and above it', () => {
    const [first, fork] = [exportedOf(entries), exportedOf(entries)];
    const forked = { ...fork, view: { ...fork.view, id: 'c2', parent: { conversation: 'c1', seq: 3 } } };
    const page =
      (formats.html.begin?.([first, forked]) ?? '') + [first, forked].map(formats.html.one).join('');
    expect(page.match(/forked from <code>c1<\/code> after entry 3/g)).toHaveLength(2);
    expect(page).toContain(
      '<a href="#c-c2" dir="auto">ships</a> <span class="about"><code>c2</code> · forked from <code>c1</code> after entry 3</span>',
    );
    expect(written('html')).not.toContain('forked');
  });

  it('the export to html shows a long message as it was written', () => {
    const page = written('html', undefined, [opened(), said(2, 'alice', `**${'x'.repeat(20_000)}**`)]);
    expect(page).toContain('<p class="raw" dir="auto">**xxx');
  });

  it('the export to html names nothing that it would load, and forbids to load anything', () => {
    const page = written('html');
    expect(page).toMatch(/Content-Security-Policy" content="default-src 'none'; script-src 'sha256-/);
    expect(page).not.toMatch(/\b(src|srcset|poster)=|url\(|@import|https?:/);
  });
});

describe('export of training data', () => {
  it('the export to sharegpt has the perspective of one member, and begins with a human', () => {
    expect(JSON.parse(written('sharegpt', 'bob'))).toEqual({
      id: 'c1',
      conversations: [
        { from: 'system', value: 'The topic: ships' },
        { from: 'human', value: 'Hello' },
        { from: 'gpt', value: 'Hi\n\nthere' },
        { from: 'human', value: 'Bye' },
      ],
    });
    expect(JSON.parse(written('sharegpt', 'alice')).conversations.slice(0, 3)).toEqual([
      { from: 'system', value: 'You are quick.\n\nThe topic: ships' },
      { from: 'human', value: 'ships' },
      { from: 'gpt', value: 'Hello' },
    ]);
  });

  it('the export to openai has the perspective of one member, with its persona and the topic before it', () => {
    expect(JSON.parse(written('openai', 'alice'))).toEqual({
      messages: [
        { role: 'system', content: 'You are quick.\n\nThe topic: ships' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Hi\n\nthere' },
        { role: 'assistant', content: 'Bye' },
      ],
    });
  });

  it('the export names the speakers when there are several others', () => {
    const three = [
      opened({ members: ['alice', 'bob', 'cat'] }),
      said(2, 'alice', 'Hello'),
      said(3, 'bob', 'Hi'),
      said(4, 'cat', 'Hey'),
    ];
    expect(JSON.parse(written('openai', 'alice', three)).messages.at(-1)).toEqual({
      role: 'user',
      content: '[bob] Hi\n\n[cat] Hey',
    });
  });

  it('the export of many to openai leaves out a conversation in which the member said nothing', () => {
    const silent = exportedOf([opened(), said(2, 'alice', 'Hello')], 'bob');
    expect(formats.openai.leavesOut?.(silent)).toBe(true);
    expect(formats.openai.leavesOut?.(exportedOf(entries, 'bob'))).toBe(false);
    expect(JSON.parse(formats.openai.one(silent)).messages).toEqual([{ role: 'user', content: 'Hello' }]);
  });
});
