import MiniSearch from 'minisearch';
import { type Part, searchOptions } from './search-options.ts';

/** What the script of the index has left. */
declare global {
  var parleySearchIndex: string | undefined;
}

const mostShown = 12;
const excerptLength = 140;

const root = document.currentScript?.dataset.root ?? '';
const field = document.querySelector<HTMLInputElement>('#search');
const list = document.querySelector<HTMLUListElement>('#found');
const count = document.querySelector<HTMLElement>('#found-count');

let index: MiniSearch<Part> | undefined;
/** Read when it is needed first: most readers of a page do not search. */
const indexed = (): MiniSearch<Part> | undefined => {
  if (!index && globalThis.parleySearchIndex !== undefined)
    index = MiniSearch.loadJSON(globalThis.parleySearchIndex, searchOptions);
  return index;
};

/** The text around the first of the words. */
const excerpt = (text: string, words: readonly string[]): string => {
  const lower = text.toLowerCase();
  const at = Math.max(0, Math.min(...words.map((word) => lower.indexOf(word)).filter((place) => place >= 0)));
  const from = Number.isFinite(at) ? Math.max(0, at - 40) : 0;
  return `${from > 0 ? '…' : ''}${text.slice(from, from + excerptLength)}${text.length > from + excerptLength ? '…' : ''}`;
};

const element = (name: string, className: string, text: string): HTMLElement => {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
};

const show = (query: string): void => {
  if (!list || !count) return;
  const found = query.trim() === '' ? [] : (indexed()?.search(query.trim()) ?? []);
  list.replaceChildren(
    ...found.slice(0, mostShown).map(({ id, page, heading, text, terms }) => {
      const link = document.createElement('a');
      link.href = `${root}${id}`;
      link.append(
        element('strong', 'where', heading && heading !== page ? `${page}: ${heading}` : page),
        element('span', 'excerpt', excerpt(text as string, terms)),
      );
      const item = document.createElement('li');
      item.append(link);
      return item;
    }),
  );
  count.textContent =
    query.trim() === '' ? '' : found.length === 0 ? 'Nothing found' : `${found.length} found`;
};

field?.addEventListener('input', () => show(field.value));
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea');
  if (event.key === '/' && !isTyping) {
    event.preventDefault();
    field?.focus();
  }
  if (event.key === 'Escape' && field) {
    field.value = '';
    show('');
  }
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const links: (Element | null)[] = [...(list?.querySelectorAll('a') ?? [])];
  const at = links.indexOf(document.activeElement);
  if (links.length === 0 || (at < 0 && document.activeElement !== field)) return;
  event.preventDefault();
  const next = at + (event.key === 'ArrowDown' ? 1 : -1);
  if (next < 0) field?.focus();
  else (links[Math.min(next, links.length - 1)] as HTMLElement).focus();
});
// A link of the list may lead to another part of the same page.
list?.addEventListener('click', () => {
  if (!field) return;
  field.value = '';
  setTimeout(() => show(''));
});

for (const block of document.querySelectorAll<HTMLElement>('.code')) {
  const text = block.querySelector('code')?.textContent ?? '';
  // There is no clipboard for a page that was opened from the disk or over plain HTTP.
  if (!navigator.clipboard) break;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.addEventListener('click', () => {
    navigator.clipboard.writeText(text).then(
      () => {
        button.textContent = 'Copied';
      },
      () => {
        button.textContent = 'Not copied';
      },
    );
  });
  block.append(button);
}
