import { dirname, join, normalize, relative } from 'node:path/posix';
import { Marked, type Tokens } from 'marked';
import { fileOf } from './contents.ts';

interface Heading {
  readonly id: string;
  readonly text: string;
  readonly depth: number;
}

export interface Rendered {
  readonly html: string;
  readonly headings: readonly Heading[];
  /** The text of the page by heading, for the search: the first is before any heading. */
  readonly parts: readonly { readonly heading: Heading | undefined; readonly text: string }[];
  /** Files of the repository that the page shows. */
  readonly images: readonly string[];
}

export interface Surroundings {
  /** The paths of all pages. A link to one of them leads to its page in the site. */
  readonly pages: ReadonlySet<string>;
  /** Where other files of the repository are read: its web address, with the branch. */
  readonly repository: string;
}

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The id that GitHub gives to a heading, so that a link works there and here. */
const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

/** Text without marks of Markdown. */
const bare = (text: string): string =>
  text.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]|<!--.*?-->/gs, '');

/** A page of Markdown as HTML. HTML in it is shown as text, except for comments, which are left out. */
export const rendered = (path: string, markdown: string, { pages, repository }: Surroundings): Rendered => {
  const headings: Heading[] = [];
  const parts: { heading: Heading | undefined; text: string }[] = [{ heading: undefined, text: '' }];
  const images: string[] = [];
  const used = new Map<string, number>();
  const here = fileOf(path);

  const addressOf = (href: string): string => {
    if (/^(https?:|mailto:|#)/.test(href)) return href;
    const [file = '', anchor] = href.split('#', 2);
    const target = normalize(join(dirname(path), decodeURIComponent(file))).replace(/\/$/, '');
    const hash = anchor === undefined ? '' : `#${anchor}`;
    if (pages.has(target)) return `${relative(dirname(here), fileOf(target))}${hash}`;
    return `${repository}/${target}${hash}`;
  };

  const heading = (text: string, depth: number): Heading => {
    const base = slug(bare(text));
    const times = used.get(base) ?? 0;
    used.set(base, times + 1);
    const made = { id: times === 0 ? base : `${base}-${times}`, text: bare(text), depth };
    headings.push(made);
    return made;
  };

  const marked = new Marked({
    renderer: {
      heading({ text, depth, tokens }: Tokens.Heading) {
        const { id } = heading(text, depth);
        const link =
          depth === 1 ? '' : ` <a class="anchor" href="#${id}" aria-label="Link to this part">#</a>`;
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}${link}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        return `<a href="${escaped(addressOf(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text }: Tokens.Image) {
        const target = normalize(join(dirname(path), href));
        images.push(target);
        const shown = relative(dirname(here), target.replace(/^docs\//, ''));
        return `<img src="${escaped(shown)}" alt="${escaped(text)}" loading="lazy">`;
      },
      // A reader of the keyboard scrolls what is wider than the page.
      code({ text, lang = '' }: Tokens.Code) {
        return `<div class="code"><pre tabindex="0" data-lang="${escaped(lang)}"><code>${escaped(text)}</code></pre></div>\n`;
      },
      html({ text }: Tokens.HTML | Tokens.Tag) {
        return escaped(text.replaceAll(/<!--.*?-->/gs, ''));
      },
    },
  });
  const tokens = marked.lexer(markdown);
  const html = marked
    .parser(tokens)
    .replaceAll('<table>', '<div class="table" tabindex="0"><table>')
    .replaceAll('</table>', '</table></div>');
  let place = 0;
  for (const token of tokens) {
    if (token.type === 'heading') parts.push({ heading: headings[place++], text: '' });
    else (parts.at(-1) as { text: string }).text += `${bare(token.raw)}\n`;
  }
  return { html, headings, parts, images };
};
