import { describe, expect, it } from 'vitest';
import { messageHtml } from '../src/exports/message-html.ts';

describe('a message in the export to html', () => {
  it.each([
    ['[bob]: Yes.', '<p class="raw" dir="auto">[bob]: Yes.</p>'],
    ['```js run\nx\n```', '<p class="target" dir="auto">js run</p><pre dir="ltr"><code>x</code></pre>'],
    ['```\nx\n```', '<pre dir="ltr"><code>x</code></pre>'],
    [
      '[a](https://b.c "A &amp; <B>")',
      '<p dir="auto"><a href="https://b.c">a</a> <span class="target">(b.c: A &amp; &lt;B&gt;)</span></p>',
    ],
    [
      '[a](https://b.c/"x)',
      '<p dir="auto"><a href="https://b.c/&quot;x">a</a> <span class="target">(b.c)</span></p>',
    ],
    [
      '|a\\|b|\n|-|\n|1\\|2|\n',
      '<table><thead><tr><th dir="auto">a|b</th></tr></thead><tbody><tr><td dir="auto">1|2</td></tr></tbody></table>',
    ],
    [
      '<svg>\n  <b>x</b>\n</svg>\n\ny',
      '<p class="raw" dir="auto">&lt;svg&gt;\n  &lt;b&gt;x&lt;/b&gt;\n&lt;/svg&gt;</p><p dir="auto">y</p>',
    ],
    ['a <b>b</b>', '<p dir="auto">a &lt;b&gt;b&lt;/b&gt;</p>'],
    ['0. a\n1. b', '<ol start="0" dir="auto"><li>a</li><li>b</li></ol>'],
    ['- *a*', '<ul dir="auto"><li><em>a</em></li></ul>'],
    ['> ~~a~~\n\n***', '<blockquote><p dir="auto"><del>a</del></p></blockquote><hr>'],
  ])('the message %j is shown whole', (text, html) => {
    expect(messageHtml(text)).toBe(html);
  });
});
