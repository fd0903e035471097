import { lexer, type Token, type Tokens } from 'marked';
import { escaped } from './escaped.ts';

/** Longer texts are written as they are: parsing takes time that grows faster than they do. */
const mostParsed = 20_000;

/** The host of a link that a browser may open; undefined for all others. */
const hostOf = (href: string): string | undefined => {
  const url = URL.parse(href);
  return url && /^(https?|mailto):$/.test(url.protocol) ? url.host || url.pathname : undefined;
};

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

const link = ({ href, title, raw }: Tokens.Link | Tokens.Image, inner: string): string => {
  const host = hostOf(href);
  if (host === undefined) return escaped(raw);
  const about = title ? `${host}: ${decoded(title)}` : host;
  return `<a href="${escaped(href)}">${inner}</a> <span class="target">(${escaped(about)})</span>`;
};

const all = (tokens: readonly Token[] | undefined): string => tokens?.map(element).join('') ?? '';

const asWritten = (text: string): string => `<p class="raw" dir="auto">${escaped(text)}</p>`;

const withoutMarks = (text: string): string => text.replaceAll(/[\s|\\]/g, '');

/** Whether the cells have all of the text. The parser drops the cells of a row that are more than those of the header. */
const isComplete = ({ header, rows, raw }: Tokens.Table): boolean => {
  const cells = [...header, ...rows.flat()].map(({ text }) => text).join('');
  const [first, , ...others] = raw.split('\n');
  return withoutMarks(cells) === withoutMarks([first, ...others].join(''));
};

const table = (token: Tokens.Table): string => {
  if (!isComplete(token)) return asWritten(token.raw.trimEnd());
  const { header, rows } = token;
  const row = (cells: readonly Tokens.TableCell[], name: 'th' | 'td') =>
    `<tr>${cells.map(({ tokens }) => `<${name} dir="auto">${all(tokens)}</${name}>`).join('')}</tr>`;
  const body = rows.map((cells) => row(cells, 'td')).join('');
  return `<table><thead>${row(header, 'th')}</thead><tbody>${body}</tbody></table>`;
};

const code = ({ text, lang }: Tokens.Code): string => {
  const info = lang ? `<p class="target" dir="auto">${escaped(lang)}</p>` : '';
  return `${info}<pre dir="ltr"><code>${escaped(text)}</code></pre>`;
};

const list = ({ ordered, start, items }: Tokens.List): string => {
  const inner = items.map(({ tokens }) => `<li>${all(tokens)}</li>`).join('');
  return ordered
    ? `<ol start="${Number(start) || 1}" dir="auto">${inner}</ol>`
    : `<ul dir="auto">${inner}</ul>`;
};

/**
 * One of the elements in this function, or text. No word of a message is left out. HTML and pictures of a message are shown as
 * text, as the console does.
 */
const element = (token: Token): string => {
  switch (token.type) {
    case 'space':
      return '';
    case 'def':
      return asWritten(token.raw.trimEnd());
    case 'heading':
      return `<p class="heading" dir="auto">${all(token.tokens)}</p>`;
    case 'paragraph':
      return `<p dir="auto">${all(token.tokens)}</p>`;
    case 'blockquote':
      return `<blockquote>${all(token.tokens)}</blockquote>`;
    case 'list':
      return list(token as Tokens.List);
    case 'checkbox':
      return (token as Tokens.Checkbox).checked ? '☑ ' : '☐ ';
    case 'code':
      return code(token as Tokens.Code);
    case 'table':
      return table(token as Tokens.Table);
    case 'hr':
      return '<hr>';
    case 'strong':
      return `<strong>${all(token.tokens)}</strong>`;
    case 'em':
      return `<em>${all(token.tokens)}</em>`;
    case 'del':
      return `<del>${all(token.tokens)}</del>`;
    case 'codespan':
      return `<code>${escaped(token.text)}</code>`;
    case 'br':
      return '<br>';
    case 'link':
      return link(token as Tokens.Link, all(token.tokens));
    case 'image':
      return link(token as Tokens.Image, `image: ${escaped(token.text || 'without a description')}`);
    case 'text':
      return 'tokens' in token && token.tokens ? all(token.tokens) : escaped(decoded(token.text));
    case 'html':
      return token.block ? asWritten(token.raw.trimEnd()) : escaped(token.raw);
    case 'escape':
      return escaped(token.text);
    default:
      return escaped(token.raw);
  }
};

/** A message as a reader of Markdown expects it; as it was written when it cannot be parsed. */
export const messageHtml = (text: string): string => {
  if (text.length > mostParsed) return asWritten(text);
  try {
    return all(lexer(text, { gfm: true, breaks: true }));
  } catch {
    return asWritten(text);
  }
};
