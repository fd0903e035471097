import { dirname, relative } from 'node:path/posix';
import { fileOf } from './contents.ts';
import { escaped, type Rendered } from './rendered.ts';

export interface Page {
  readonly path: string;
  readonly name: string;
  readonly section: string;
  readonly rendered: Rendered;
}

const listOf = (pages: readonly Page[], current: Page, to: (file: string) => string): string => {
  const sections = Map.groupBy(pages, ({ section }) => section);
  return [...sections]
    .map(([title, inside]) => {
      const links = inside.map(({ path, name }) => {
        const isHere = path === current.path ? ' aria-current="page"' : '';
        return `<li><a href="${to(fileOf(path))}"${isHere}>${escaped(name)}</a></li>`;
      });
      // Decisions are many: their list is open where one of them is read.
      const isOpen = title !== 'Project' || current.section === title ? ' open' : '';
      return `<details${isOpen}><summary>${title}</summary><ul>${links.join('')}</ul></details>`;
    })
    .join('\n');
};

/** The whole document of a page. It loads its style and its script from the site, and nothing from elsewhere. */
export const documentOf = (page: Page, pages: readonly Page[]): string => {
  const here = dirname(fileOf(page.path));
  const to = (file: string): string => relative(here, file);
  const place = pages.indexOf(page);
  const neighbour = (other: Page | undefined, rel: string, word: string): string =>
    other ? `<a rel="${rel}" href="${to(fileOf(other.path))}">${word}: ${escaped(other.name)}</a>` : '';
  const parts = page.rendered.headings.filter(({ depth }) => depth === 2);
  const onPage =
    parts.length < 2
      ? ''
      : `<nav class="on-page" aria-label="On this page"><h2>On this page</h2><ul>${parts
          .map(({ id, text }) => `<li><a href="#${id}">${escaped(text)}</a></li>`)
          .join('')}</ul></nav>`;
  const title = page.path === 'README.md' ? 'Parley' : `${escaped(page.name)} · Parley`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'">
<title>${title}</title>
<link rel="icon" href="${to('icon.svg')}">
<link rel="stylesheet" href="${to('site.css')}">
<script defer src="${to('search-index.js')}"></script>
<script defer src="${to('site.js')}" data-root="${to('index.html').replace(/index\.html$/, '')}"></script>
</head>
<body>
<a class="skip" href="#content">To the text</a>
<header>
<a class="home" href="${to('index.html')}">Parley</a>
<search><label for="search">Search</label><input id="search" type="search" autocomplete="off" placeholder="Search (press /)"
  aria-controls="found"><p id="found-count" role="status"></p><ul id="found"></ul></search>
<a class="to-pages" href="#pages">Pages</a>
</header>
<div class="columns">
<nav class="pages" id="pages" tabindex="-1" aria-label="Pages">
${listOf(pages, page, to)}
</nav>
<main id="content" tabindex="-1">
${page.rendered.html}
<nav class="neighbours" aria-label="Pages before and after">${neighbour(pages[place - 1], 'prev', 'Before')}${neighbour(pages[place + 1], 'next', 'Next')}</nav>
</main>
${onPage}
</div>
</body>
</html>
`;
};
