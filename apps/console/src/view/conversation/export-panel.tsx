import type { Entry } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import type { OpenConversation } from '../../model/open-conversation.ts';
import { saveFile } from '../../model/save-file.ts';
import { titleOf } from '../../model/words.ts';
import { Command } from '../new/command.tsx';
import { withoutControls } from '../plain-text.tsx';
import { Fault, useAttempt } from '../transcript/attempt.tsx';
import { noteOf } from '../transcript/entry-note.tsx';

const asMarkdown = (entry: Entry): string =>
  entry.type === 'said'
    ? `## ${entry.seq}. ${entry.from}${entry.to ? ` (only to ${entry.to.join(', ')})` : ''}\n\n${entry.text
        .split('\n')
        .map((line) => `> ${line}`)
        .join('\n')}\n\n`
    : `*${entry.seq}. ${withoutControls(noteOf(entry)).replaceAll('\n', ' ')}*\n\n`;

/** The whole conversation as a file. */
export const ExportPanel = ({
  open,
  isOffered,
}: {
  readonly open: OpenConversation;
  readonly isOffered: boolean;
}): ComponentChildren => {
  const [fault, attempt] = useAttempt();
  if (!isOffered) return null;
  const collect = async (textOf: (entry: Entry) => string): Promise<string[]> => {
    const parts: string[] = [];
    for await (const entry of open.all()) parts.push(textOf(entry));
    return parts;
  };
  const jsonl = async () =>
    saveFile(`${open.id}.jsonl`, 'application/jsonl', await collect((entry) => `${JSON.stringify(entry)}\n`));
  const markdown = async () => {
    const title = open.view ? withoutControls(titleOf(open.view)).replaceAll('\n', ' ') : open.id;
    saveFile(`${open.id}.md`, 'text/markdown', [`# ${title}\n\n`, ...(await collect(asMarkdown))]);
  };
  return (
    <section aria-labelledby="export-title">
      <h2 id="export-title">Export</h2>
      <div class="buttons">
        <button type="button" onClick={() => void attempt(jsonl)}>
          Ledger (JSONL)
        </button>
        <button type="button" onClick={() => void attempt(markdown)}>
          Markdown
        </button>
      </div>
      <p class="detail">A page, a table (csv) or training data (sharegpt, openai):</p>
      <Command
        text={`parley export ${open.id} --format html --out ${open.id}.html --url ${location.origin}`}
      />
      <Fault id="export-fault" text={fault} />
    </section>
  );
};
