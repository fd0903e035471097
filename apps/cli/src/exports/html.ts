import { createHash } from 'node:crypto';
import type { Entry } from '@parley/protocol';
import { endingText, totals } from '../terminal/ending-text.ts';
import { noteOf } from '../terminal/transcript.ts';
import { escaped } from './escaped.ts';
import { castOf, type Exported, type ExportFormat, titleOf } from './exported.ts';
import { pageScript, pageStyle } from './html-page.ts';
import { messageHtml } from './message-html.ts';

const time = (at: number): string => {
  const iso = new Date(at).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
};

const anchor = ({ view }: Exported, seq?: number): string =>
  escaped(seq === undefined ? `c-${view.id}` : `c-${view.id}-${seq}`);

/** Of a fork: after which entry of which conversation it goes its own way. A fork and its parent have the same title. */
const forkedFrom = ({ view: { parent } }: Exported): string =>
  parent === undefined
    ? ''
    : ` · forked from <code>${escaped(parent.conversation)}</code> after entry ${parent.seq}`;

const entryHtml = (entry: Entry, exported: Exported, places: ReadonlyMap<string, number>): string => {
  const place = `id="${anchor(exported, entry.seq)}"`;
  const link = `<a class="seq" href="#${anchor(exported, entry.seq)}">${entry.seq}</a>`;
  if (entry.type !== 'said') {
    const text = entry.type === 'ended' ? `Ended: ${endingText(entry)}` : noteOf(entry);
    return text ? `<p class="event" ${place}>${link} <span dir="auto">${escaped(text)}</span></p>\n` : '';
  }
  const to = entry.to ? ` <span class="aside">only to ${escaped(entry.to.join(', '))}</span>` : '';
  const target = entry.target ? ` <span class="target">to ${escaped(entry.target)}</span>` : '';
  const color = (places.get(entry.from) ?? 0) % 6;
  return `<article ${place} class="m${color}"><header>${link} <b>${escaped(entry.from)}</b>${target}${to} ${time(entry.at)}</header><div class="text" dir="auto">${messageHtml(entry.text)}</div></article>\n`;
};

const castHtml = ({ entries, view }: Exported): string => {
  const cast = castOf(entries);
  const rows = view.members.map((name) => {
    const { model, persona } = cast.get(name) ?? {};
    const about = [
      model && `<code>${escaped(model)}</code>`,
      persona && `<span dir="auto">${escaped(persona)}</span>`,
    ];
    return `<dt>${escaped(name)}</dt><dd>${about.filter(Boolean).join(' ')}</dd>`;
  });
  return `<details><summary>Members</summary><dl>${rows.join('')}</dl></details>\n`;
};

const section = (exported: Exported): string => {
  const { entries, view, as } = exported;
  const names = entries.flatMap((entry) => (entry.type === 'said' ? [entry.from] : []));
  const places = new Map([...new Set([...view.members, ...names])].map((name, place) => [name, place]));
  const perspective = as === undefined ? '' : ` · as ${escaped(as)} saw it`;
  return `<section id="${anchor(exported)}">
<h2 dir="auto">${escaped(titleOf(exported))}</h2>
<p class="about"><code>${escaped(view.id)}</code> · ${time(view.startedAt)} · ${escaped(totals(entries))}${forkedFrom(exported)}${perspective}</p>
${castHtml(exported)}${entries.map((entry) => entryHtml(entry, exported, places)).join('')}</section>
`;
};

const hash = (text: string): string => createHash('sha256').update(text).digest('base64');

/** Only the script and the style of this file may act in the page, and nothing is loaded. */
const policy = `default-src 'none'; script-src 'sha256-${hash(pageScript)}'; style-src 'sha256-${hash(pageStyle)}'; base-uri 'none'; form-action 'none'`;

/** One page with everything in it: to read, to search and to print. It asks no server for anything. */
export const html: ExportFormat = {
  about: 'one page with everything in it, to read, search and print',
  isPerspective: false,
  begin(conversations) {
    const [first] = conversations;
    const title =
      conversations.length === 1 && first ? titleOf(first) : `${conversations.length} conversations`;
    const contents = conversations.map(
      (one) =>
        `<li><a href="#${anchor(one)}" dir="auto">${escaped(titleOf(one))}</a> <span class="about"><code>${escaped(one.view.id)}</code>${forkedFrom(one)}</span></li>`,
    );
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<div class="bar" role="search"><label for="search">Search</label> <input id="search" type="search" autocomplete="off"> <output id="found" for="search" aria-live="polite"></output></div>
<main>
<h1 dir="auto">${escaped(title)}</h1>
${conversations.length > 1 ? `<nav aria-label="Conversations"><ol>${contents.join('\n')}</ol></nav>\n` : ''}`;
  },
  one: section,
  end: () => `</main>
<script>${pageScript}</script>
</body>
</html>
`,
};
