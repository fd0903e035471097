import { type ConversationView, type Entry, viewAfter } from '@parley/protocol';
import { type Changes, spaced } from './changes.ts';
import type { RunFilters } from './route.ts';
import { get, relative } from './router-client.ts';

interface Page {
  readonly conversations: readonly ConversationView[];
  readonly total: number;
  readonly next?: string;
}

const pageSize = 100;

/** The loaded conversations of the ledger that pass the filters, newest first. */
export class RunList {
  readonly #changes: Changes;
  filters: RunFilters = {};
  rows: readonly ConversationView[] = [];
  /** The number of conversations in the ledger, without filters. */
  total: number | undefined;
  loading = false;
  #next: string | undefined;
  /** Grows with each change of the filters, so that responses to older requests are dropped. */
  #asked = 0;
  readonly #places = new Map<string, number>();
  readonly refresh: () => void;

  constructor(changes: Changes) {
    this.#changes = changes;
    this.refresh = spaced(() => this.#load(true));
  }

  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  setFilters(filters: RunFilters): void {
    if (JSON.stringify(filters) === JSON.stringify(this.filters)) return;
    this.filters = filters;
    this.#asked++;
    this.#show([]);
    this.#next = undefined;
    this.loading = true;
    void this.#load(true).catch((error: unknown) => console.info('the list could not be loaded', error));
  }

  /** Loads the next page when the reader is near the end of the loaded ones. */
  more(): void {
    if (this.loading || this.#next === undefined) return;
    void this.#load(false).catch((error: unknown) => console.info('the list could not be loaded', error));
  }

  onEntry(id: string, entry: Entry): void {
    const place = this.#places.get(id);
    const known = place === undefined ? undefined : this.rows[place];
    const next = known && viewAfter(known, id, entry);
    if (next && place !== undefined) {
      (this.rows as ConversationView[])[place] = next;
      this.#changes.note();
    } else if (entry.type === 'opened' || entry.type === 'forked' || known) this.refresh();
    // A conversation that begins or ends may match the filters or no longer match them.
    if (entry.type === 'ended' && Object.keys(this.filters).length > 0) this.refresh();
  }

  async #load(fromTop: boolean): Promise<void> {
    const asked = this.#asked;
    const query = new URLSearchParams({ limit: String(pageSize), ...this.filters });
    let path: string | undefined = fromTop ? `v1/conversations?${query}` : this.#next;
    // As many as were loaded before, and at least as many as fit on a screen.
    const wanted = fromTop ? Math.max(pageSize, this.rows.length) : this.rows.length + pageSize;
    const rows = fromTop ? [] : [...this.rows];
    this.loading = true;
    try {
      while (path !== undefined && rows.length < wanted) {
        const page: Page | undefined = await get<Page>(path);
        if (asked !== this.#asked) return;
        rows.push(...(page?.conversations ?? []));
        this.total = page?.total ?? this.total;
        path = page?.next && relative(page.next);
        if (!fromTop || rows.length >= this.rows.length) this.#show([...rows]);
      }
      this.#next = path;
      this.#show(rows);
    } finally {
      if (asked === this.#asked) this.loading = false;
      this.#changes.note();
    }
  }

  #show(rows: readonly ConversationView[]): void {
    this.rows = rows;
    this.#places.clear();
    for (const [place, { id }] of rows.entries()) this.#places.set(id, place);
    this.#changes.note();
  }
}
