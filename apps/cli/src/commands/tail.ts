import { parseArgs } from 'node:util';
import type { Entry } from '@parley/protocol';
import { lasting, toItsEnd } from '../api/follow.ts';
import type { RouterApi } from '../api/router-api.ts';
import { UsageError, wholeNumber } from '../arguments.ts';
import type { Command, Host } from '../command.ts';
import { chosenRouter, routerHelp, routerOptions } from '../deployment/chosen-router.ts';
import { endingText, totals } from '../terminal/ending-text.ts';
import { LiveTranscript } from '../terminal/live-transcript.ts';
import { PlainTranscript } from '../terminal/plain-transcript.ts';
import { jsonText, paint } from '../terminal/terminal.ts';
import type { Transcript } from '../terminal/transcript.ts';

const entryLine = (conversation: string, entry: Entry): string => `${jsonText({ conversation, entry })}\n`;

/** Shows one conversation to its end. Entries up to `since` are not shown. */
const tailOne = async (
  api: RouterApi,
  id: string,
  since: number,
  { out, stop }: Host,
  json: boolean,
): Promise<number> => {
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
  return 0;
};

/** Shows all conversations from a position of the ledger on, until the user stops it. */
const tailAll = async (
  api: RouterApi,
  since: number | undefined,
  { out, stop }: Host,
  json: boolean,
): Promise<number> => {
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
  return 0;
};

export const tail: Command = {
  summary: 'follow one conversation, or all of them',
  usage: `Usage: parley tail [ID] [--since N] [--json] [--url URL | --run RUN]

  ID          the conversation, to its end; without it, what is new in all of them, until Ctrl-C. The beginning of an
              ID is enough where it is the beginning of one only
  --since N   with ID: only entries after number N; without: everything after position N of the ledger
  --json      each entry as one line of JSON, with the ID of its conversation
${routerHelp}`,
  async run(args, host) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { since: { type: 'string' }, json: { type: 'boolean', default: false }, ...routerOptions },
      allowPositionals: true,
    });
    if (positionals.length > 1) throw new UsageError('expected at most one conversation ID');
    const since =
      values.since === undefined ? undefined : wholeNumber('since', values.since, 0, Number.MAX_SAFE_INTEGER);
    await using router = await chosenRouter(values, host);
    const { api } = router;
    const [id] = positionals;
    if (id === undefined) return await tailAll(api, since, host, values.json);
    return await tailOne(api, await api.conversationId(id), since ?? 0, host, values.json);
  },
};
