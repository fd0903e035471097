import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MessagePart, messageParts } from '../src/index.ts';

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
  '@ <a\ntitle="@">@</a> [@\n@](javascript:@)',
];

const shown = (part: MessagePart): string => {
  switch (part.kind) {
    case 'list':
      return part.items.flat().map(shown).join('');
    case 'table':
      return [part.header, ...part.rows].flat(2).map(shown).join('');
    case 'code':
      return `${part.info ?? ''}\n${part.text}`;
    case 'link':
      return part.parts.map(shown).join('') + part.about;
    case 'raw':
    case 'text':
    case 'codespan':
      return part.text;
    case 'rule':
    case 'break':
      return '\n';
    default:
      return part.parts.map(shown).join('');
  }
};

const text = (written: string): MessagePart => ({ kind: 'text', text: written });
const raw = (written: string): MessagePart => ({ kind: 'raw', text: written });
const paragraph = (...parts: MessagePart[]): MessagePart => ({ kind: 'paragraph', parts });
const lineBreak: MessagePart = { kind: 'break' };

/** The parser fills each row up to all columns. */
const table = (columns: number, rows: number): string =>
  `${'|a'.repeat(columns)}|\n${'|-'.repeat(columns)}|\n${'a\n'.repeat(rows)}`;
/** Lines of `levels` quotes in each other, of one less, and so on. */
const fewerAndFewer = (levels: number): string =>
  Array.from({ length: levels }, (_, index) => `${'>'.repeat(levels - index)} a b`).join('\n');

describe('a message in Markdown', () => {
  it('each word of a message is in its parts', () => {
    const message = fc.array(fc.constantFrom(...blocks), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(message, fc.constantFrom('\n', '\n\n'), (chosen, between) => {
        const words: string[] = [];
        const written = chosen.join(between).replaceAll('@', () => {
          words.push(`w${words.length}x`);
          return words.at(-1) as string;
        });
        const found = messageParts(written).map(shown).join('');
        expect(words.filter((word) => !found.includes(word))).toEqual([]);
      }),
    );
  });

  it.each<[string, readonly MessagePart[]]>([
    ['[bob]: Yes.\n', [raw('[bob]: Yes.')]],
    ['## a\n---', [{ kind: 'heading', depth: 2, parts: [text('a')] }, { kind: 'rule' }]],
    ['```js run\nx\n```', [{ kind: 'code', text: 'x', info: 'js run' }]],
    ['```\nx\n```', [{ kind: 'code', text: 'x', info: undefined }]],
    [
      '[a](https://b.c "A &amp; <B>")',
      [paragraph({ kind: 'link', href: 'https://b.c', about: 'b.c: A & <B>', parts: [text('a')] })],
    ],
    [
      '![a](https://b.c/d.png)',
      [paragraph({ kind: 'link', href: 'https://b.c/d.png', about: 'b.c', parts: [text('image: a')] })],
    ],
    [
      '[a\nb](javascript:x) [c](data:y)',
      [paragraph(text('[a'), lineBreak, text('b](javascript:x)'), text(' '), text('[c](data:y)'))],
    ],
    ['|a|\n|-|\n|1|2|', [raw('|a|\n|-|\n|1|2|')]],
    ['|a\\|b|\n|-|\n|1|\n', [{ kind: 'table', header: [[text('a|b')]], rows: [[[text('1')]]] }]],
    ['<svg>\n  <b>x</b>\n</svg>\n\ny', [raw('<svg>\n  <b>x</b>\n</svg>'), paragraph(text('y'))]],
    ['a <b\nc>', [paragraph(text('a '), text('<b'), lineBreak, text('c>'))]],
    ['a&nbsp;b', [paragraph(text('a\u00a0b'))]],
    ['a\nb', [paragraph(text('a'), lineBreak, text('b'))]],
  ])('the message %j has the parts %j', (written, parts) => {
    expect(messageParts(written)).toEqual(parts);
  });

  it.each([
    ['- a', undefined],
    ['0. a', 0],
    ['1. a', 1],
    ['007. a', 7],
  ])('the list %j starts at %j', (written, start) => {
    expect(messageParts(written)).toEqual([{ kind: 'list', start, items: [[text('a')]] }]);
  });

  it.each([
    ['more than 20,000 characters', `**${'x'.repeat(20_000)}**`],
    ['more than 2,000 marks of emphasis', '_a__b '.repeat(667)],
    ['more than 20 quotes in each other', '>'.repeat(21)],
    ['more than 20 lists in each other', `a\n\n${'- 1) '.repeat(11)}`],
    ['a wide table with short rows', table(200, 700)],
    ['tables that have more than 20,000 cells together', `${table(100, 150)}\n`.repeat(2)],
    ['many uses of a long title', `[a]: https://b.c "${'x'.repeat(9_000)}"\n\n${'[a]'.repeat(3_600)}`],
    ['many uses of a long address', `[a]: https://b.c/${'x'.repeat(9_000)}\n\n${'![a]'.repeat(2_700)}`],
    ['20 lines, each with one quote less in each other', fewerAndFewer(20)],
  ])('a message of %s is one part, as it was written', (_what, written) => {
    expect(messageParts(written)).toEqual([raw(written)]);
  });

  it('a message that is as long, as deep and as full of marks as is parsed has more than one part', () => {
    const written = `${'> '.repeat(20)}a\n\n${'**a** '.repeat(500)}\n\n`.padEnd(20_000, 'x');
    expect(messageParts(written).map(({ kind }) => kind)).toEqual(['quote', 'paragraph', 'paragraph']);
  });

  it.each<[string, string, readonly string[]]>([
    ['a rule of 25 dashes', `# a\n\n${'- '.repeat(25)}\n\n**b**`, ['heading', 'rule', 'paragraph']],
    ['a list of 25 marks in code', `\`\`\`\n${'+ '.repeat(25)}\n\`\`\`\n\n**b**`, ['code', 'paragraph']],
    ['25 quotes in code', `\`\`\`\n${'>'.repeat(25)} a\n\`\`\`\n\n**b**`, ['code', 'paragraph']],
    ['a table of 19,000 cells', table(100, 188), ['table']],
    [
      'ten uses of a long title',
      `[a]: https://b.c "${'x'.repeat(9_000)}"\n\n${'[a]'.repeat(10)}`,
      ['raw', 'paragraph'],
    ],
    ['the quotes of five replies', fewerAndFewer(5), ['quote']],
  ])('a message with %s is parsed', (_what, written, kinds) => {
    expect(messageParts(written).map(({ kind }) => kind)).toEqual(kinds);
  });
});
