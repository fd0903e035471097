import type { ServerResponse } from 'node:http';
import { pageBytes } from '../../conversations/read-queue.ts';
import type { RouterEvent } from '../../delivery/router-events.ts';
import type { Identity } from '../../identity/identity.ts';
import { LedgerDamage } from '../../ledger/damage.ts';
import type { Ledger, Placed } from '../../ledger/ledger.ts';
import type { HttpRouter } from '../server/http-router.ts';
import { wroteTo } from '../server/responses.ts';

const pageEntries = 500;
/** A reader with more unread bytes gets no live events: it gets entries from the ledger after it has read these bytes. */
const maxUnreadBytes = 256 * 1024;
/** How often the token is checked: the connection of a withdrawn token ends within a second, detection included. */
const checkMs = 500;
const keepAliveMs = 15_000;

const textOf = (event: RouterEvent): string => {
  const { type, ...data } = event;
  if (event.type !== 'entry') return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  const { position, conversation, entry } = event;
  return `id: ${position}\nevent: entry\ndata: ${JSON.stringify({ conversation, entry })}\n\n`;
};

/** The text of each event, made once for all readers. */
const texts = new WeakMap<RouterEvent, string>();
const eventOf = (event: RouterEvent): string => {
  const known = texts.get(event) ?? textOf(event);
  texts.set(event, known);
  return known;
};

interface Asked {
  readonly since: number | undefined;
  /** Only events of this conversation. */
  readonly conversation: string | undefined;
  /** Whether to begin with the drafts of unfinished replies. */
  readonly drafts: boolean;
  /** The request was HEAD, whose response has no body. */
  readonly headOnly: boolean;
  readonly reader: Identity;
}

/**
 * The position at which a reader starts. One that the ledger has not reached is of another ledger, for example of the one before a
 * backup was restored: the reader starts at the end. Where several routers share a ledger, this one may only be behind.
 */
const startOf = (ledger: Ledger, since: number | undefined): number => {
  const end = ledger.position();
  return since === undefined || (since > end && !ledger.caughtUp) ? end : since;
};

/**
 * One reader of server-sent events. It either gets live events or pages of the ledger; a page is sent when the page before it
 * has left the process. So the memory for a reader is bounded, whatever it asks for and however slowly it reads. The connection
 * of a slow reader stays open; it is closed only when the reader takes nothing at all (`Responses.sweep`). No entry is left out.
 * Events without a position (`chunk`, `agents`) are left out while the reader is behind.
 */
class EventStream {
  readonly #router: HttpRouter;
  readonly #ledger: Ledger;
  readonly #response: ServerResponse;
  readonly #asked: Asked;
  /** The position of the last entry that was sent or that the filter left out. */
  #position: number;
  /** The seq of the newest own entry up to it, where only events of one conversation are wanted; 0 when it is not known. */
  #seq = 0;
  #follows = false;
  #stopped = false;
  #sentAt = 0;

  constructor(router: HttpRouter, ledger: Ledger, response: ServerResponse, asked: Asked) {
    this.#router = router;
    this.#ledger = ledger;
    this.#response = response;
    this.#asked = asked;
    this.#position = startOf(ledger, asked.since);
  }

  start(): void {
    const response = this.#response;
    // The reader left while its token was checked: no event of the response will tell that any more.
    if (response.destroyed) return;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (this.#asked.headOnly) return void response.end();
    this.#write('retry: 1000\n\n');
    const { routerEvents } = this.#router;
    const { conversation } = this.#asked;
    const stopListening = routerEvents.add((event) => this.#deliver(event));
    routerEvents.watch(conversation);
    const check = setInterval(() => this.#check(), checkMs);
    response.on('close', () => {
      this.#stopped = true;
      clearInterval(check);
      stopListening();
      routerEvents.watch(conversation, -1);
    });
    if (this.#position >= this.#ledger.position()) this.#begin();
    else this.#readOn();
  }

  #check(): void {
    if (!this.#mayRead) this.#response.end();
    else if (
      this.#router.clock.monotonic() - this.#sentAt >= keepAliveMs &&
      this.#response.writableLength === 0
    )
      this.#write(': keep-alive\n\n');
  }

  get #mayRead(): boolean {
    return this.#asked.reader.isValid(this.#router.clock.wall());
  }

  #deliver(event: RouterEvent): void {
    if (!this.#follows || this.#stopped || !this.#mayRead) return;
    const isBehind = this.#response.writableLength > maxUnreadBytes;
    if (event.type === 'entry') {
      if (event.position <= this.#position) return;
      if (isBehind) return this.#fallBehind();
      this.#position = event.position;
      if (this.#concerns(event)) this.#seq = event.entry.seq;
    }
    if (!isBehind && this.#concerns(event)) this.#write(eventOf(event));
    return undefined;
  }

  /** Begins with live events. A draft is sent as one chunk from its beginning, and later chunks continue it. */
  #begin(): void {
    this.#follows = true;
    if (!this.#asked.drafts) return;
    for (const draft of this.#router.routerEvents.drafts.of(this.#asked.conversation)) {
      if (this.#response.writableLength > maxUnreadBytes) break;
      this.#write(eventOf({ type: 'chunk', ...draft }));
    }
  }

  #fallBehind(): void {
    this.#follows = false;
    this.#readOn();
  }

  /** Sends the next page when the reader has taken the one before it. */
  #readOn(): void {
    const { reads } = this.#router;
    const response = this.#response;
    if (response.writableNeedDrain) response.once('drain', () => reads.add(() => this.#readPage()));
    else reads.add(() => this.#readPage());
  }

  #readPage(): number {
    if (this.#stopped || !this.#mayRead) return 0;
    const page = this.#nextPage();
    if (!page) return 0;
    if (page.length === 0) {
      // Reading ends and following begins in one event-loop iteration, so no entry is lost between them.
      this.#begin();
      return 0;
    }
    let bytes = 0;
    for (const placed of page) {
      this.#position = placed.position;
      this.#seq = placed.entry.seq;
      const event: RouterEvent = { type: 'entry', ...placed };
      const text = textOf(event);
      bytes += text.length;
      if (this.#concerns(event)) this.#write(text);
    }
    this.#readOn();
    return bytes;
  }

  /** Undefined when the ledger cannot be read: then the connection ends, because a gap must not be hidden. */
  #nextPage(): Placed[] | undefined {
    const { conversation } = this.#asked;
    const after = { position: this.#position, seq: this.#seq };
    try {
      return conversation === undefined
        ? this.#ledger.readAll(this.#position, pageEntries, pageBytes)
        : this.#ledger.readOf(conversation, after, pageEntries, pageBytes);
    } catch (error) {
      if (error instanceof LedgerDamage) this.#router.metrics.ledgerFailed();
      else this.#router.faults.caught('answer', 'an event stream', error);
      this.#response.destroy();
      return undefined;
    }
  }

  #concerns(event: RouterEvent): boolean {
    const { conversation } = this.#asked;
    // Who is connected is no business of a reader with a share link.
    if (event.type === 'agents') return this.#asked.reader.share === undefined;
    return conversation === undefined || event.conversation === conversation;
  }

  #write(text: string): void {
    // The server ends event streams when the router stops.
    if (this.#response.writableEnded) return;
    this.#sentAt = this.#router.clock.monotonic();
    this.#response.write(text);
    wroteTo(this.#response);
  }
}

/**
 * Sends server-sent events: every entry after `since`, then live events. Without `since`: only live events. A browser that
 * reconnects sends the last id that it received, so no entry is missed or repeated.
 */
export const streamEvents = (
  router: HttpRouter,
  ledger: Ledger,
  response: ServerResponse,
  asked: Asked,
): void => new EventStream(router, ledger, response, asked).start();
