import { lexer, type Token, type Tokens } from 'marked';
import type { ComponentChildren } from 'preact';
import { plain } from './plain-text.tsx';

/** Longer texts are shown as source text, because parsing them would block the page. */
const mostParsed = 20_000;

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

const link = (
  { href, title, raw }: Tokens.Link | Tokens.Image,
  text: ComponentChildren,
): ComponentChildren => {
  const host = hostOf(href);
  if (host === undefined) return plain(raw);
  return (
    <>
      <a href={href} target="_blank" rel="noreferrer noopener">
        {text}
      </a>{' '}
      <span class="host">({plain(title ? `${host}: ${decoded(title)}` : host)})</span>
    </>
  );
};

const asWritten = (text: string): ComponentChildren => <p class="raw">{plain(text)}</p>;

const all = (tokens: readonly Token[] | undefined): ComponentChildren => tokens?.map(element);

const withoutMarks = (text: string): string => text.replaceAll(/[\s|\\]/g, '');

/** Whether the cells have all of the text. The parser drops the cells of a row that are more than those of the header. */
const isComplete = ({ header, rows, raw }: Tokens.Table): boolean => {
  const cells = [...header, ...rows.flat()].map(({ text }) => text).join('');
  const [first, , ...others] = raw.split('\n');
  return withoutMarks(cells) === withoutMarks([first, ...others].join(''));
};

const table = ({ header, rows }: Tokens.Table): ComponentChildren => (
  <div class="table">
    <table>
      <thead>
        <tr>
          {header.map((cell) => (
            <th scope="col">{all(cell.tokens)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {row.map((cell) => (
              <td>{all(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

/** Converts each token to one of the elements in this function, or to text. HTML and images are never rendered. */
const element = (token: Token): ComponentChildren => {
  switch (token.type) {
    case 'space':
      return null;
    case 'def':
      return asWritten(token.raw);
    case 'heading':
      return <p class={`heading heading-${token.depth}`}>{all(token.tokens)}</p>;
    case 'paragraph':
      return <p dir="auto">{all(token.tokens)}</p>;
    case 'blockquote':
      return <blockquote>{all(token.tokens)}</blockquote>;
    case 'list': {
      const { ordered, start, items } = token as Tokens.List;
      const shown = items.map((item) => <li>{all(item.tokens)}</li>);
      // The list has the direction, so that its numbers and dots stand on the side where its lines begin.
      return ordered ? (
        <ol start={Number(start) || 1} dir="auto">
          {shown}
        </ol>
      ) : (
        <ul dir="auto">{shown}</ul>
      );
    }
    case 'checkbox':
      return (token as { checked?: boolean }).checked ? '☑ ' : '☐ ';
    case 'code':
      return (
        <>
          {token.lang && <p class="host">{plain(token.lang)}</p>}
          <pre dir="ltr">
            <code>{plain(token.text)}</code>
          </pre>
        </>
      );
    case 'table':
      return isComplete(token as Tokens.Table) ? table(token as Tokens.Table) : asWritten(token.raw);
    case 'hr':
      return <hr />;
    case 'strong':
      return <strong>{all(token.tokens)}</strong>;
    case 'em':
      return <em>{all(token.tokens)}</em>;
    case 'del':
      return <del>{all(token.tokens)}</del>;
    case 'codespan':
      return <code>{plain(token.text)}</code>;
    case 'br':
      return <br />;
    case 'link':
      return link(token as Tokens.Link, all(token.tokens));
    case 'image':
      return link(token as Tokens.Image, plain(`image: ${token.text || 'without a description'}`));
    case 'text':
      return 'tokens' in token && token.tokens ? all(token.tokens) : plain(decoded(token.text));
    case 'escape':
      return plain(token.text);
    default:
      return plain(token.raw);
  }
};

/** A message as Markdown; as source text when it cannot be parsed. */
export const markdown = (text: string): ComponentChildren => {
  if (text.length > mostParsed) return asWritten(text);
  try {
    return all(lexer(text, { gfm: true, breaks: true }));
  } catch {
    return asWritten(text);
  }
};
