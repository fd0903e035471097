import { endingText, totals } from '../terminal/ending-text.ts';
import { harmless } from '../terminal/terminal.ts';
import { noteOf } from '../terminal/transcript.ts';
import { castOf, type Exported, type ExportFormat, titleOf } from './exported.ts';

/** Text that must not be read as Markdown or HTML. */
const literal = (text: string): string => text.replaceAll(/[\\`*_{}[\]<>#|~]/g, '\\$&');

/** A line of a message outside code: no HTML, and no picture that a reader would load. */
const withoutHtml = (line: string): string =>
  line
    .split(/(`+[^`]*`+)/)
    .map((part, place) =>
      place % 2 === 1 ? part : part.replaceAll(/<(?=[a-z/!?])/gi, '\\<').replaceAll('![', '!\\['),
    )
    .join('');

/**
 * A message as a quotation: its headings, rules and lists stay inside, and are kept apart from those of the file. Code stays
 * as it is.
 */
const quoted = (text: string): string => {
  let fence: string | undefined;
  return harmless(text)
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
      const isCode = fence !== undefined;
      if (mark !== undefined && fence === undefined) fence = mark;
      else if (mark !== undefined && fence !== undefined && mark.startsWith(fence)) fence = undefined;
      return `> ${isCode || mark !== undefined ? line : withoutHtml(line)}`.trimEnd();
    })
    .join('\n');
};

const castList = ({ entries }: Exported): string[] =>
  [...castOf(entries).values()].flatMap(({ name, model, persona }) =>
    model === undefined && persona === undefined
      ? []
      : [
          `- **${literal(name)}**${model ? ` (${literal(model)})` : ''}${persona ? `: ${literal(persona).replaceAll(/\s+/g, ' ')}` : ''}`,
        ],
  );

const parts = (exported: Exported): string[] => {
  const { entries, view, as } = exported;
  const ended = entries.find((entry) => entry.type === 'ended');
  const started = new Date(view.startedAt).toISOString();
  const cast = castList(exported);
  return [
    `# ${literal(titleOf(exported))}`,
    `\`${view.id}\` · ${started} · ${totals(entries)}${as === undefined ? '' : ` · as ${literal(as)} saw it`}`,
    ...(cast.length > 0 ? [cast.join('\n')] : []),
    ...entries.flatMap((entry) => {
      if (entry.type === 'said') {
        const to = entry.to ? ` (only to ${literal(entry.to.join(', '))})` : '';
        return [`**${literal(entry.from)}**${to} · ${entry.seq}`, quoted(entry.text)];
      }
      const text = noteOf(entry);
      return text ? [`_${literal(text.replaceAll(/\s+/g, ' '))}_`] : [];
    }),
    '---',
    ended ? `Ended: ${literal(endingText(ended))}` : 'Not ended.',
  ];
};

/** For people: a heading for each conversation, and each message as a quotation. */
export const markdown: ExportFormat = {
  about: 'for people: each message as a quotation below its speaker',
  isPerspective: false,
  // Control characters mean nothing in it, and it is also read in a terminal.
  one: (exported) => harmless(`${parts(exported).join('\n\n')}\n\n`),
};
