import { type ConversationView, type Entry, viewAfter } from '@parley/protocol';
import { allEntries } from './all-entries.ts';
import { type Changes, spaced } from './changes.ts';
import { get, relative } from './router-client.ts';
import { RowHeights } from './row-heights.ts';
import { type Chunk, Transcript } from './transcript.ts';

interface Page {
  readonly conversation: ConversationView;
  readonly entries: readonly Entry[];
  readonly next?: string;
}

/** The number of entries of one request. */
const pageEntries = 200;
/** The estimated height of a row that was not measured. */
const rowEstimate = 76;

/** The conversation in view: its loaded entries and the visible part. */
export class OpenConversation {
  readonly id: string;
  readonly transcript = new Transcript();
  readonly heights = new RowHeights(rowEstimate);
  readonly #changes: Changes;
  view: ConversationView | undefined;
  missing = false;
  /** Whether the newest entry is kept visible. Only the reader changes this, never a layout. */
  following = true;
  /** The entry that the address names, until the reader scrolls. */
  target: number | undefined;
  /** The row that has the tab stop. */
  current: number | undefined;
  /** Entries shown as they were written, and long ones shown whole. */
  readonly raw = new Set<number>();
  readonly unfolded = new Set<number>();
  /** The newest entry that is shown in a replay of an ended conversation. */
  replay: number | undefined;
  /** When the floor last changed, on the clock of this page. */
  floorSince = Date.now();
  /** The newest message, for a screen reader. */
  spoken = '';
  readonly refresh: () => void;
  readonly #loading = new Set<number>();

  constructor(id: string, changes: Changes, target?: number) {
    this.id = id;
    this.#changes = changes;
    this.target = target;
    // Entries count from 1, so row 0 has no height.
    this.heights.grow(1);
    this.heights.set(0, 0);
    if (target !== undefined) this.following = false;
    this.refresh = spaced(() => this.#loadView());
    // At once: the stream of events, which asks for it again, may be slow to open.
    this.#loadView().catch((error: unknown) => console.info('the conversation could not be loaded', error));
  }

  get path(): string {
    return `v1/conversations/${encodeURIComponent(this.id)}`;
  }

  /** The number of rows that are shown. */
  get count(): number {
    return this.replay ?? this.transcript.count;
  }

  onEntry(entry: Entry): void {
    const live = entry.seq > this.transcript.count;
    this.transcript.add(entry);
    const view = viewAfter(this.view, this.id, entry);
    if (!view) this.refresh();
    else {
      if (view.floor !== this.view?.floor) this.floorSince = Date.now();
      this.view = view;
    }
    if (live && entry.type === 'said') this.spoken = `${entry.from}: ${entry.text.slice(0, 500)}`;
    this.#changes.note();
  }

  onChunk(chunk: Chunk): void {
    this.transcript.write(chunk);
    this.#changes.note();
  }

  async #loadView(): Promise<void> {
    const page = await get<Page>(`${this.path}?since=${Math.max(0, this.transcript.count - 1)}&limit=1`);
    this.missing = page === undefined;
    if (page) {
      const first = this.view === undefined;
      const { conversation } = page;
      if (!this.view || conversation.seq >= this.view.seq) this.view = conversation;
      this.transcript.count = Math.max(this.transcript.count, conversation.seq);
      // An ended conversation is shown from its beginning.
      if (first && conversation.status === 'ended') this.following = false;
      if (first) this.floorSince = Math.min(Date.now(), this.transcript.last?.at ?? Date.now());
    }
    this.#changes.note();
  }

  /** Loads the missing entries of a range, with a page around them. */
  ensure(first: number, last: number): void {
    const gap = this.transcript.missing(first, last);
    if (!gap) return;
    const firstPage = Math.floor((gap.first - 1) / pageEntries);
    const lastPage = Math.floor((gap.last - 1) / pageEntries);
    for (let page = firstPage; page <= lastPage; page++) void this.#loadPage(page);
  }

  async #loadPage(page: number): Promise<void> {
    if (this.#loading.has(page)) return;
    this.#loading.add(page);
    const until = (page + 1) * pageEntries;
    try {
      let reached = page * pageEntries;
      for (let path: string | undefined = this.path; path !== undefined && reached < until; ) {
        const limit = until - reached;
        const found: Page | undefined = await get<Page>(`${this.path}?since=${reached}&limit=${limit}`);
        for (const entry of found?.entries ?? []) this.transcript.add(entry);
        reached = found?.entries.at(-1)?.seq ?? until;
        path = found?.next && relative(found.next);
        this.#changes.note();
      }
    } catch (error) {
      console.info('a page of entries could not be loaded', error);
    } finally {
      // A failed page is requested again while it is visible.
      setTimeout(() => {
        this.#loading.delete(page);
        this.#changes.note();
      }, 1_000);
    }
  }

  /** Every entry, for an export. */
  all(): AsyncGenerator<Entry> {
    return allEntries(this.id);
  }
}
