import type { Entry, RefusalCode, RouterFrame } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { type Reader, standingOf, visible } from '../core/visibility.ts';
import type { Happening } from '../followers/watchers.ts';
import type { Router } from '../router.ts';

interface Asked {
  readonly conversation: string;
  readonly follow: boolean;
  /** Seq up to which it has been answered. */
  since: number;
}

/** Entries that are sent before it is waited for them to leave: a long history never piles up in memory. */
const pageSize = 32;
const maxAsked = 16;

/** Answers `history` (PROTOCOL §4.6): past entries one question after the other, later ones as they are committed. */
export class History {
  readonly #router: Router;
  readonly #reader: (state: Conversation) => Reader;
  readonly #send: (frame: RouterFrame, whenSent?: () => void) => void;
  readonly #asked: Asked[] = [];
  /** Conversations with the seq of the last entry that was looked at. */
  readonly #following = new Map<string, number>();
  #stopWatching: (() => void) | undefined;
  #stopped = false;

  /** `reader`: as whom the client reads a conversation. Asked at each entry: it may join and leave meanwhile. */
  constructor(
    router: Router,
    reader: (state: Conversation) => Reader,
    send: (frame: RouterFrame, whenSent?: () => void) => void,
  ) {
    this.#router = router;
    this.#reader = reader;
    this.#send = send;
  }

  /** Why not, or undefined when the answer is on its way. */
  ask(conversation: string, since: number, follow: boolean): RefusalCode | undefined {
    if (!this.#router.conversations.find(conversation)) return 'unknown-conversation';
    if (this.#asked.length >= maxAsked) return 'rate-limited';
    this.#asked.push({ conversation, since, follow });
    if (this.#asked.length === 1) this.#answer();
    return undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.#stopWatching?.();
  }

  #answer(): void {
    const [asked] = this.#asked;
    if (!asked || this.#stopped) return;
    const { conversations } = this.#router;
    const state = conversations.find(asked.conversation);
    const page = state ? conversations.entriesSince(asked.conversation, asked.since, pageSize) : [];
    asked.since = page.at(-1)?.seq ?? asked.since;
    const frames = page
      .map((entry) => this.#frame(state as Conversation, entry))
      .filter((one) => one !== undefined);
    const last = page.length < pageSize ? undefined : frames.pop();
    for (const frame of frames) this.#send(frame);
    if (last) return this.#send(last, () => this.#answer());
    if (page.length === pageSize) return void setImmediate(() => this.#answer());
    // Reading and following change over in one turn of the event loop, so nothing falls between.
    if (asked.follow && state && this.#mayFollow(state)) this.#follow(asked);
    this.#asked.shift();
    this.#answer();
  }

  #mayFollow(state: Conversation): boolean {
    const reader = this.#reader(state);
    const isThere = reader.kind === 'overseer' || standingOf(state, reader.name) === 'member';
    return isThere && state.status.state !== 'ended';
  }

  #follow({ conversation, since }: Asked): void {
    this.#following.set(conversation, since);
    this.#stopWatching ??= this.#router.watchers.add((happening) => this.#onHappening(happening));
  }

  #onHappening(happening: Happening): void {
    if (happening.type === 'agents') return;
    const { conversation } = happening;
    const since = this.#following.get(conversation);
    const state = since === undefined ? undefined : this.#router.conversations.find(conversation);
    if (since === undefined || !state) return;
    if (happening.type === 'chunk') {
      // Who may hear the message is known only when it is said.
      if (this.#reader(state).kind === 'overseer') this.#send(happening);
      return;
    }
    const { entry } = happening;
    if (entry.seq <= since) return;
    const reader = this.#reader(state);
    const hasLeft = entry.type === 'left' && reader.kind === 'agent' && entry.who === reader.name;
    if (entry.type === 'ended' || hasLeft) this.#following.delete(conversation);
    else this.#following.set(conversation, entry.seq);
    const frame = this.#frame(state, entry);
    if (frame) this.#send(frame);
  }

  #frame(state: Conversation, entry: Entry): RouterFrame | undefined {
    const shown = visible(state, this.#reader(state), entry);
    return shown && { type: 'entry', conversation: state.id, entry: shown };
  }
}
