import type { ConversationView, Entry } from '@parley/protocol';
import { endingText, totals } from './ending-text.ts';
import { PlainTranscript } from './plain-transcript.ts';
import { harmless, paint, type Screen } from './terminal.ts';

interface Watched {
  readonly transcript: PlainTranscript;
  readonly entries: Entry[];
  seen: number;
  /** Undefined until its members are known. */
  about: Pick<ConversationView, 'members' | 'topic'> | undefined;
}

/** Shows several conversations in one stream of lines, with a heading wherever another one goes on. */
export class InterleavedTranscript {
  readonly #out: Screen;
  readonly #watched = new Map<string, Watched>();
  #last: string | undefined;

  constructor(out: Screen) {
    this.#out = out;
  }

  note(text: string): void {
    this.#out.write(`${paint(this.#out, harmless(text), 'dim')}\n`);
  }

  /** An entry; each of a conversation may come more than once. `of`: what is known of a conversation whose first entry has not been seen. */
  entry(conversation: string, entry: Entry, of?: ConversationView): void {
    const out = this.#out;
    const watched = this.#watched.get(conversation) ?? {
      transcript: new PlainTranscript(out),
      entries: [],
      seen: 0,
      about: undefined,
    };
    this.#watched.set(conversation, watched);
    if (entry.seq <= watched.seen) return;
    watched.seen = entry.seq;
    watched.entries.push(entry);
    if (this.#last !== conversation)
      this.#heading(conversation, watched, entry.type === 'opened' ? entry : of);
    watched.transcript.entry(entry);
    if (entry.type !== 'ended') return;
    out.write(`${paint(out, `Ended: ${harmless(endingText(entry))}`, 'bold')}\n${totals(watched.entries)}\n`);
    this.#watched.delete(conversation);
  }

  /** The first heading has members and topic. Later ones are short: a reader needs to know which conversation goes on. */
  #heading(conversation: string, watched: Watched, known: Watched['about']): void {
    const isFirst = watched.about === undefined;
    watched.about ??= known;
    const { members, topic } = watched.about ?? { members: [], topic: '' };
    const names = members.join(', ');
    const title = topic ? (isFirst ? `${names} on: ${topic}` : topic) : names;
    const [head, rest] = title ? [title, conversation] : [conversation, ''];
    this.#out.write(`\n${paint(this.#out, harmless(head), 'bold')} ${paint(this.#out, rest, 'dim')}\n`);
    this.#last = conversation;
  }
}
