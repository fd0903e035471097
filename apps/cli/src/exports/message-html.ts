import { type MessagePart, messageParts } from '@parley/markdown';
import { escaped } from './escaped.ts';

const all = (parts: readonly MessagePart[]): string => parts.map(element).join('');

const row = (cells: readonly (readonly MessagePart[])[], name: 'th' | 'td'): string =>
  `<tr>${cells.map((cell) => `<${name} dir="auto">${all(cell)}</${name}>`).join('')}</tr>`;

const element = (part: MessagePart): string => {
  switch (part.kind) {
    case 'raw':
      return `<p class="raw" dir="auto">${escaped(part.text)}</p>`;
    case 'heading':
      return `<p class="heading" dir="auto">${all(part.parts)}</p>`;
    case 'paragraph':
      return `<p dir="auto">${all(part.parts)}</p>`;
    case 'quote':
      return `<blockquote>${all(part.parts)}</blockquote>`;
    case 'list': {
      const items = part.items.map((item) => `<li>${all(item)}</li>`).join('');
      return part.start === undefined
        ? `<ul dir="auto">${items}</ul>`
        : `<ol start="${part.start}" dir="auto">${items}</ol>`;
    }
    case 'table': {
      const body = part.rows.map((cells) => row(cells, 'td')).join('');
      return `<table><thead>${row(part.header, 'th')}</thead><tbody>${body}</tbody></table>`;
    }
    case 'code': {
      const info = part.info === undefined ? '' : `<p class="target" dir="auto">${escaped(part.info)}</p>`;
      return `${info}<pre dir="ltr"><code>${escaped(part.text)}</code></pre>`;
    }
    case 'rule':
      return '<hr>';
    case 'break':
      return '<br>';
    case 'strong':
    case 'em':
    case 'del':
      return `<${part.kind}>${all(part.parts)}</${part.kind}>`;
    case 'codespan':
      return `<code>${escaped(part.text)}</code>`;
    case 'link':
      return `<a href="${escaped(part.href)}">${all(part.parts)}</a> <span class="target">(${escaped(part.about)})</span>`;
    case 'text':
      return escaped(part.text);
  }
};

/** A message as a reader of Markdown expects it, with every word. */
export const messageHtml = (text: string): string => all(messageParts(text));
