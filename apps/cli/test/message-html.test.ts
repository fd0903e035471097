import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageHtml } from '../src/exports/message-html.ts';

/** The blocks of a message. Each takes as many words as it has marks `@`. */
const blocks = [
  '@ *@* **@** `@` ~~@~~ &amp;@ \\*@',
  '# @\n@\n@\n===',
  '[@]: @',
  '[@]: https://a.b "@"\n[^@]: @',
  '[@](https://a.b "@") ![@](https://a.b "@") [@](javascript:@ "@")',
  "[a][b] @\n\n[b]: https://a.b '@'",
  '```@ @\n@\n```',
  '~~~ @\n@\n~~~',
  '    @',
  '| @ | @ |\n|---|---|\n| @ | @ | @ | @ |\n| @ |',
  '| @ \\| @ |\n|---|\n| `@` |\n| @ \\| @ |',
  '- @\n  [@]: @\n- [ ] @\n  1. @',
  '> @\n@\n> [@]: @\n> ```@\n> @\n> ```',
  '<svg title="@">\n <b>@</b>\n</svg>',
  '@ <b title="@">@</b> <!-- @ -->',
  '<!-- @\n@ -->',
];

describe('a message in the export to html', () => {
  it('each word of a message is in the text that its HTML shows', () => {
    const message = fc.array(fc.constantFrom(...blocks), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(message, fc.constantFrom('\n', '\n\n'), (chosen, between) => {
        const words: string[] = [];
        const text = chosen.join(between).replaceAll('@', () => {
          words.push(`w${words.length}x`);
          return words.at(-1) as string;
        });
        const shown = messageHtml(text).replaceAll(/<[^>]*>/g, '');
        expect(words.filter((word) => !shown.includes(word))).toEqual([]);
      }),
    );
  });

  it.each([
    ['[bob]: Yes.', '<p class="raw" dir="auto">[bob]: Yes.</p>'],
    ['```js run\nx\n```', '<p class="target" dir="auto">js run</p><pre dir="ltr"><code>x</code></pre>'],
    ['```\nx\n```', '<pre dir="ltr"><code>x</code></pre>'],
    [
      '[a](https://b.c "A &amp; <B>")',
      '<p dir="auto"><a href="https://b.c">a</a> <span class="target">(b.c: A &amp; &lt;B&gt;)</span></p>',
    ],
    ['|a|\n|-|\n|1|2|', '<p class="raw" dir="auto">|a|\n|-|\n|1|2|</p>'],
    [
      '|a\\|b|\n|-|\n|1\\|2|\n',
      '<table><thead><tr><th dir="auto">a|b</th></tr></thead><tbody><tr><td dir="auto">1|2</td></tr></tbody></table>',
    ],
    [
      '<svg>\n  <b>x</b>\n</svg>\n\ny',
      '<p class="raw" dir="auto">&lt;svg&gt;\n  &lt;b&gt;x&lt;/b&gt;\n&lt;/svg&gt;</p><p dir="auto">y</p>',
    ],
    ['a <b>b</b>', '<p dir="auto">a &lt;b&gt;b&lt;/b&gt;</p>'],
    ['a&nbsp;b', '<p dir="auto">a\u00a0b</p>'],
  ])('the message %j is shown whole', (text, html) => {
    expect(messageHtml(text)).toBe(html);
  });
});
