import { Option } from '@commander-js/extra-typings';
import type { Entry } from '@parley/protocol';
import { lasting, toItsEnd } from '../../api/follow.ts';
import type { RouterApi } from '../../api/router-api.ts';
import { integerIn } from '../../arguments.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { chosenRouter } from '../../deployment/chosen-router.ts';
import { contextOption, idHelp, jsonOption, runOption, urlOption } from '../../options.ts';
import { endingText, totals } from '../../terminal/ending-text.ts';
import { LiveTranscript } from '../../terminal/live-transcript.ts';
import { PlainTranscript } from '../../terminal/plain-transcript.ts';
import { jsonText, paint } from '../../terminal/terminal.ts';
import type { Transcript } from '../../terminal/transcript.ts';

const entryLine = (conversation: string, entry: Entry): string => `${jsonText({ conversation, entry })}\n`;

/** Shows one conversation to its end. Entries up to `since` are not shown. */
const tailOne = async (
  api: RouterApi,
  id: string,
  since: number,
  { out, stop }: Host,
  json = false,
): Promise<void> => {
  const transcript: Transcript = out.live ? new LiveTranscript(out) : new PlainTranscript(out);
  const entries: Entry[] = [];
  for await (const event of toItsEnd(api, id, stop)) {
    if (event.kind === 'chunk' && !json) transcript.chunk(event);
    if (event.kind !== 'entry') continue;
    const { entry } = event;
    if (json) {
      if (entry.seq > since) out.write(entryLine(id, entry));
      continue;
    }
    entries.push(entry);
    if (entry.seq > since || entry.type === 'opened') transcript.entry(entry);
    if (entry.type === 'ended')
      out.write(`${paint(out, `Ended: ${endingText(entry)}`, 'bold')}\n${totals(entries)}\n`);
  }
};

/** Shows all conversations from a position of the ledger on, until the user stops it. */
const tailAll = async (
  api: RouterApi,
  since: number | undefined,
  { out, stop }: Host,
  json = false,
): Promise<void> => {
  const transcripts = new Map<string, PlainTranscript>();
  let position = since;
  async function* open() {
    using events = await api.events({ since: position });
    yield* events;
  }
  for await (const event of lasting(open, stop)) {
    if (event.kind !== 'entry') continue;
    const { conversation, entry } = event;
    position = event.position;
    if (json) {
      out.write(entryLine(conversation, entry));
      continue;
    }
    const transcript =
      transcripts.get(conversation) ?? new PlainTranscript(out, `${paint(out, conversation, 'dim')}  `);
    transcripts.set(conversation, transcript);
    if (entry.type === 'opened') {
      transcript.note(`opened by ${entry.by}${entry.topic ? `: ${entry.topic}` : ''}`);
    }
    transcript.entry(entry);
    if (entry.type !== 'ended') continue;
    transcript.note(`ended: ${endingText(entry)}`);
    transcripts.delete(conversation);
  }
};

export const tail: CommandMaker = (host) =>
  commandNamed(
    'tail',
    'follow one conversation, or all of them',
    'Follows a conversation to its end; or, without an ID, shows what is new in all of them, until Ctrl-C. With --json each entry is one line of JSON with the id of its conversation.',
  )
    .argument('[ID]', idHelp)
    .addOption(
      new Option(
        '--since <N>',
        'with ID: only entries after number N; without: entries after position N of the ledger',
      ).argParser(integerIn('--since', 0, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(contextOption)
    .addOption(runOption)
    .action(async (id, { since, json, ...where }) => {
      await using router = await chosenRouter(where, host);
      const { api } = router;
      if (id === undefined) await tailAll(api, since, host, json);
      else await tailOne(api, await api.conversationId(id), since ?? 0, host, json);
    });
