import { Lexer, type Token, type Tokens } from 'marked';
import { BoundedTokenizer } from './bounded-tokenizer.ts';

type Parts = readonly MessagePart[];

/** What a message in Markdown consists of. There is no kind for HTML or for pictures: they are text or a link. */
export type MessagePart =
  /** As it was written, with its line breaks: a block by itself. */
  | { readonly kind: 'raw'; readonly text: string }
  | { readonly kind: 'heading'; readonly depth: number; readonly parts: Parts }
  | { readonly kind: 'paragraph' | 'quote' | 'strong' | 'em' | 'del'; readonly parts: Parts }
  /** Its items have numbers, from `start` on, or dots. */
  | { readonly kind: 'list'; readonly start: number | undefined; readonly items: readonly Parts[] }
  | {
      readonly kind: 'table';
      readonly header: readonly Parts[];
      readonly rows: readonly (readonly Parts[])[];
    }
  /** `info` is what stands behind the opening fence: a language as a rule. */
  | { readonly kind: 'code'; readonly text: string; readonly info: string | undefined }
  | { readonly kind: 'codespan' | 'text'; readonly text: string }
  /** To a page that a browser may open. `about` is its host, with the title of the link. */
  | { readonly kind: 'link'; readonly href: string; readonly about: string; readonly parts: Parts }
  | { readonly kind: 'rule' | 'break' };

/** Longer texts are left as they are: parsing takes time that grows faster than they do. */
const mostParsed = 20_000;
/** So are texts with more marks of emphasis: 10,000 of them would take the parser four seconds. */
const mostMarks = 2_000;

const isParsed = (text: string): boolean =>
  text.length <= mostParsed && text.replaceAll(/[^*_~]/g, '').length <= mostMarks;

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  nbsp: '\u00a0',
};
const decoded = (text: string): string =>
  text.replaceAll(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => entities[name] ?? '');

/** The host of a link that a browser may open; undefined for all others. */
const hostOf = (href: string): string | undefined => {
  const url = URL.parse(href);
  return url && /^(https?|mailto):$/.test(url.protocol) ? url.host || url.pathname : undefined;
};

const raw = (text: string): MessagePart => ({ kind: 'raw', text });

/** Text inside a paragraph; the end of a line in it is a line break. */
const lines = (text: string): Parts =>
  text
    .split('\n')
    .flatMap(
      (line, index): Parts => [
        ...(index > 0 ? [{ kind: 'break' } as const] : []),
        { kind: 'text', text: line },
      ],
    );

const link = ({ href, title, raw: written }: Tokens.Link | Tokens.Image, parts: Parts): Parts => {
  const host = hostOf(href);
  if (host === undefined) return lines(written);
  return [{ kind: 'link', href, about: title ? `${host}: ${decoded(title)}` : host, parts }];
};

const all = (tokens: readonly Token[] | undefined): Parts => tokens?.flatMap(partsOf) ?? [];

const withoutMarks = (text: string): string => text.replaceAll(/[\s|\\]/g, '');

/** Whether the cells have all of the text. The parser drops the cells of a row that are more than those of the header. */
const isComplete = ({ header, rows, raw: written }: Tokens.Table): boolean => {
  const cells = [...header, ...rows.flat()].map(({ text }) => text).join('');
  const [first, , ...others] = written.split('\n');
  return withoutMarks(cells) === withoutMarks([first, ...others].join(''));
};

const table = (token: Tokens.Table): MessagePart => {
  if (!isComplete(token)) return raw(token.raw.trimEnd());
  const cells = (row: readonly Tokens.TableCell[]) => row.map(({ tokens }) => all(tokens));
  return { kind: 'table', header: cells(token.header), rows: token.rows.map(cells) };
};

/** Blocks and spans of the parser that are the same here. */
const kinds = {
  paragraph: 'paragraph',
  blockquote: 'quote',
  strong: 'strong',
  em: 'em',
  del: 'del',
} as const;

const partsOf = (token: Token): Parts => {
  switch (token.type) {
    case 'space':
      return [];
    case 'def':
      return [raw(token.raw.trimEnd())];
    case 'heading':
      return [{ kind: 'heading', depth: token.depth, parts: all(token.tokens) }];
    case 'paragraph':
    case 'blockquote':
    case 'strong':
    case 'em':
    case 'del':
      return [{ kind: kinds[token.type as keyof typeof kinds], parts: all(token.tokens) }];
    case 'list': {
      const { ordered, start, items } = token as Tokens.List;
      return [
        {
          kind: 'list',
          start: ordered ? Number(start) : undefined,
          items: items.map(({ tokens }) => all(tokens)),
        },
      ];
    }
    case 'checkbox':
      return [{ kind: 'text', text: (token as Tokens.Checkbox).checked ? '☑ ' : '☐ ' }];
    case 'code':
      return [{ kind: 'code', text: token.text, info: token.lang || undefined }];
    case 'table':
      return [table(token as Tokens.Table)];
    case 'hr':
      return [{ kind: 'rule' }];
    case 'br':
      return [{ kind: 'break' }];
    case 'codespan':
      return [{ kind: 'codespan', text: token.text }];
    case 'link':
      return link(token as Tokens.Link, all(token.tokens));
    case 'image':
      return link(token as Tokens.Image, [
        { kind: 'text', text: `image: ${token.text || 'without a description'}` },
      ]);
    case 'text':
      return token.tokens ? all(token.tokens) : [{ kind: 'text', text: decoded(token.text) }];
    case 'html':
      return token.block ? [raw(token.raw.trimEnd())] : lines(token.raw);
    case 'escape':
      return [{ kind: 'text', text: token.text }];
    default:
      return lines(token.raw);
  }
};

/** The parts of a message in Markdown. No word of it is left out; one that cannot be parsed is one part, as it was written. */
export const messageParts = (text: string): Parts => {
  if (!isParsed(text)) return [raw(text)];
  try {
    return all(Lexer.lex(text, { gfm: true, breaks: true, tokenizer: new BoundedTokenizer() }));
  } catch {
    return [raw(text)];
  }
};
