import { type ConversationPage, requestPath } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import type { Ledger, Numbered } from '../../ledger/ledger.ts';
import type { HttpRouter } from '../server/http-router.ts';
import { contains, type Found, firstWith } from './message-search.ts';
import { conversationView, entriesAs } from './views.ts';

/** A page exceeds this by at most one item. */
export const maxPageBytes = 512 * 1024;
const maxPageEntries = 5_000;
export const maxListed = 1_000;
/**
 * A page ends early after this number of bytes was replayed for it. A replayed conversation gets a checkpoint, so that it is not
 * replayed again.
 */
const maxReplayedBytes = 16 * 1024 * 1024;

/** Reads a page in small steps: yields the number of bytes of each step to `ReadQueue.run`. */
export type Page = Generator<number, string | undefined>;

/** The conditions that a listed conversation meets. */
interface ListFilter {
  readonly status?: string | undefined;
  readonly member?: string | undefined;
  readonly ending?: string | undefined;
  readonly label?: string | undefined;
  /** When it was opened: at `from` or later, and before `to`. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Text of the title, in upper or lower case; with scope `messages` also of what was said. */
  readonly q?: string | undefined;
  readonly scope?: 'messages' | undefined;
}

interface Listing {
  readonly limit: number;
  /** Only conversations that were opened before the one with this number. */
  readonly before: number | undefined;
  readonly filter: ListFilter;
  /** False when the request was aborted. */
  isWanted(): boolean;
}

/** The maximum number of conversations that are examined for one page with a filter. */
const maxLookedAt = 1_000;

/** Whether the conversation meets all conditions except the search text. */
const fits = ({ status, member, ending, label, from, to }: ListFilter, state: Conversation): boolean =>
  (status === undefined || state.status.state === status) &&
  (member === undefined || state.members.includes(member)) &&
  (ending === undefined || (state.status.state === 'ended' && state.status.reason === ending)) &&
  (label === undefined || state.labels?.includes(label) === true) &&
  (from === undefined || state.startedAt >= from) &&
  (to === undefined || state.startedAt < to);

/** Where the search text is found: in the title, or in a message; undefined when it is in neither. */
function* textIn(
  router: HttpRouter,
  { q, scope }: ListFilter,
  state: Conversation,
): Generator<number, 'title' | Found | undefined> {
  if (q === undefined || contains(state.topic ?? state.members.join(', '), q)) return 'title';
  return scope === 'messages' ? yield* firstWith(router, state.id, q) : undefined;
}

/** Runs a search to its end, unless the reader disconnects. Returns the result and the number of bytes read. */
function* counted<T>(
  search: Generator<number, T>,
  isWanted: () => boolean,
): Generator<number, { readonly value: T | undefined; readonly bytes: number }> {
  let bytes = 0;
  for (;;) {
    const next = search.next();
    if (next.done) return { value: next.value, bytes };
    bytes += next.value;
    yield next.value;
    if (!isWanted()) return { value: undefined, bytes };
  }
}

const nothingFound = { value: undefined, bytes: 0 } as const;

/** A page of conversations as JSON, newest first, with the path of the next page if there is one. */
export function* conversationListOf(
  router: HttpRouter,
  ledger: Ledger,
  { limit, before, filter, isWanted }: Listing,
): Page {
  const views: string[] = [];
  const found: [string, Found][] = [];
  let bytes = 0;
  let replayed = 0;
  let last: Numbered | undefined;
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  for (const row of ledger.recent(isFiltered ? maxLookedAt : limit, before)) {
    if (!isWanted()) return undefined;
    if (views.length >= limit) break;
    const { value: state, bytes: stateBytes } = yield* counted(
      router.conversations.findSlowly(row.id),
      isWanted,
    );
    replayed += stateBytes;
    const candidate = state && fits(filter, state) ? state : undefined;
    const { value: place, bytes: searched } = candidate
      ? yield* counted(textIn(router, filter, candidate), isWanted)
      : nothingFound;
    replayed += searched;
    const view = candidate && place ? JSON.stringify(conversationView(router, candidate)) : '';
    // At least one is looked at, so that a reader who follows `next` comes to the end.
    if (bytes + view.length > maxPageBytes && last) break;
    if (view !== '') views.push(view);
    if (place && place !== 'title') found.push([row.id, place]);
    bytes += view.length;
    last = row;
    if (replayed > maxReplayedBytes) break;
    yield view.length;
  }
  const more = last && ledger.recent(1, last.number).length > 0;
  const next = more && requestPath('conversations', { query: { ...filter, limit, before: last?.number } });
  const rest = { total: ledger.total(), ...(found.length > 0 && { found: Object.fromEntries(found) }) };
  return `{"conversations":[${views.join(',')}],${JSON.stringify(next ? { ...rest, next } : rest).slice(1)}`;
}

interface Reading {
  readonly since: number;
  readonly limit: number;
  /** The view of this member or former member. Undefined: all entries. */
  readonly as: string | undefined;
}

/** A conversation and a page of its entries as JSON; undefined when the id is unknown or `as` was never a member. */
export function* conversationPageOf(router: HttpRouter, id: string, { since, limit, as }: Reading): Page {
  const state: Conversation | undefined = yield* router.conversations.findSlowly(id);
  if (!state) return undefined;
  const bound = { entries: Math.max(1, Math.min(limit, maxPageEntries)), bytes: maxPageBytes };
  const entries = router.conversations.page(id, since, bound);
  const reached = entries.at(-1)?.seq ?? state.seq;
  const shown = as === undefined ? entries : entriesAs(state, as, entries);
  if (!shown) return undefined;
  const next = requestPath('conversation', { id, query: { since: reached, limit: bound.entries, as } });
  const page: ConversationPage = { conversation: conversationView(router, state), entries: shown };
  const text = JSON.stringify(reached < state.seq ? { ...page, next } : page);
  yield text.length;
  return text;
}
