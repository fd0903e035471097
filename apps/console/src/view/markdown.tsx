import { type MessagePart, messageParts } from '@parley/markdown';
import type { ComponentChildren } from 'preact';
import { plain } from './plain-text.tsx';

const all = (parts: readonly MessagePart[]): ComponentChildren => parts.map(element);

const element = (part: MessagePart): ComponentChildren => {
  switch (part.kind) {
    case 'raw':
      return <p class="raw">{plain(part.text)}</p>;
    case 'heading':
      return <p class={`heading heading-${part.depth}`}>{all(part.parts)}</p>;
    case 'paragraph':
      return <p dir="auto">{all(part.parts)}</p>;
    case 'quote':
      return <blockquote>{all(part.parts)}</blockquote>;
    case 'list': {
      const items = part.items.map((item) => <li>{all(item)}</li>);
      // The list has the direction, so that its numbers and dots stand on the side where its lines begin.
      return part.start === undefined ? (
        <ul dir="auto">{items}</ul>
      ) : (
        <ol start={part.start} dir="auto">
          {items}
        </ol>
      );
    }
    case 'table':
      return (
        <div class="table">
          <table>
            <thead>
              <tr>
                {part.header.map((cell) => (
                  <th scope="col">{all(cell)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {part.rows.map((row) => (
                <tr>
                  {row.map((cell) => (
                    <td>{all(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    case 'code':
      return (
        <>
          {part.info && <p class="host">{plain(part.info)}</p>}
          <pre dir="ltr">
            <code>{plain(part.text)}</code>
          </pre>
        </>
      );
    case 'rule':
      return <hr />;
    case 'break':
      return <br />;
    case 'strong':
    case 'em':
    case 'del':
      return <part.kind>{all(part.parts)}</part.kind>;
    case 'codespan':
      return <code>{plain(part.text)}</code>;
    case 'link':
      return (
        <>
          <a href={part.href} target="_blank" rel="noreferrer noopener">
            {all(part.parts)}
          </a>{' '}
          <span class="host">({plain(part.about)})</span>
        </>
      );
    case 'text':
      return plain(part.text);
  }
};

/** A message in Markdown, as elements. */
export const markdown = (text: string): ComponentChildren => all(messageParts(text));
