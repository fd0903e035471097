import { type ConversationList, type ConversationView, type Entry, viewAfter } from '@parley/protocol';
import { type Changes, spaced } from '../changes.ts';
import { get, relative } from '../router-client.ts';
import { listQuery, type RunFilters } from './run-filters.ts';

const pageSize = 100;
/** Pages without a row after which the search waits until the reader wants it to go on. */
const maxEmptyPages = 10;

type Found = NonNullable<ConversationList['found']>[string];

/** The loaded conversations of the ledger that pass the filters, newest first. */
export class RunList {
  readonly #changes: Changes;
  filters: RunFilters = {};
  rows: readonly ConversationView[] = [];
  /** Where the searched words were said, by conversation. */
  readonly found = new Map<string, Found>();
  /** Conversations in the ledger, whatever the filters are. */
  total: number | undefined;
  loading = false;
  /** Much of the ledger was searched in vain; older conversations have not been searched. */
  stopped = false;
  #next: string | undefined;
  /** Grows with each change of the filters, so that responses to older requests are dropped. */
  #asked = 0;
  readonly #places = new Map<string, number>();
  readonly refresh: () => void;

  constructor(changes: Changes) {
    this.#changes = changes;
    this.refresh = spaced(() => this.#load(true));
  }

  /** The place of a conversation among the loaded ones. */
  placeOf(id: string): number | undefined {
    return this.#places.get(id);
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
    this.stopped = false;
    this.found.clear();
    this.loading = true;
    void this.#load(true).catch((error: unknown) => console.info('the list could not be loaded', error));
  }

  /** Loads the next page when the reader is near the end of the loaded ones. */
  more(): void {
    if (this.loading || this.#next === undefined || this.stopped) return;
    void this.#load(false).catch((error: unknown) => console.info('the list could not be loaded', error));
  }

  /** A search that has stopped goes on. */
  searchOn(): void {
    this.stopped = false;
    this.more();
  }

  /** `shown`: the table is on screen; else it is loaded when it is. */
  onEntry(id: string, entry: Entry, shown: boolean): void {
    if (!shown) return;
    const place = this.#places.get(id);
    const known = place === undefined ? undefined : this.rows[place];
    const next = known && viewAfter(known, id, entry);
    // What was said is not searched again with each entry.
    const isSearch = this.filters.scope !== undefined && this.filters.q !== undefined;
    if (next && place !== undefined) {
      (this.rows as ConversationView[])[place] = next;
      this.#changes.note();
    } else if (!isSearch && (entry.type === 'opened' || entry.type === 'forked' || known)) this.refresh();
    // A conversation that begins or ends may come under the filters, or fall out of them.
    if (!isSearch && entry.type === 'ended' && Object.keys(this.filters).length > 0) this.refresh();
  }

  async #load(fromTop: boolean): Promise<void> {
    const asked = this.#asked;
    let path: string | undefined = fromTop
      ? `v1/conversations?${listQuery(this.filters, pageSize)}`
      : this.#next;
    // As far as was looked at before; at least as much as a screen shows.
    const wanted = fromTop ? Math.max(pageSize, this.rows.length) : this.rows.length + pageSize;
    const rows = fromTop ? [] : [...this.rows];
    let empty = 0;
    this.loading = true;
    try {
      while (path !== undefined && rows.length < wanted && empty < maxEmptyPages) {
        const page: ConversationList | undefined = await get<ConversationList>(path);
        if (asked !== this.#asked) return;
        rows.push(...(page?.conversations ?? []));
        for (const [id, found] of Object.entries(page?.found ?? {})) this.found.set(id, found);
        empty = page?.conversations.length ? 0 : empty + 1;
        this.total = page?.total ?? this.total;
        path = page?.next && relative(page.next);
        if (!fromTop || rows.length >= this.rows.length) this.#show([...rows]);
      }
      this.#next = path;
      this.stopped = path !== undefined && empty >= maxEmptyPages;
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
