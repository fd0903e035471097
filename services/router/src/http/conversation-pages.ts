import { type ConversationPage, type ResponseBody, requestPath } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import type { Ledger, Numbered } from '../ledger/ledger.ts';
import type { HttpRouter } from './http-router.ts';
import { agentViews, conversationView, entriesAs } from './views.ts';

/** No page is larger than this and one conversation or entry. */
const maxPageBytes = 512 * 1024;
const maxPageEntries = 5_000;
export const maxListed = 1_000;
/** A page ends early when so much had to be replayed for it. What is replayed once is known from then on. */
const maxReplayedBytes = 16 * 1024 * 1024;

/** What a page is read with, a little at a time: yields the bytes that were read, see `ReadQueue.run`. */
export type Page = Generator<number, string | undefined>;

interface Listing {
  readonly limit: number;
  /** Only those that were opened before the one of this number. */
  readonly before: number | undefined;
  /** False as soon as the page is not wanted any more. */
  isWanted(): boolean;
}

/** Conversations as JSON, newest first, and where the next page is, when there is one. */
export function* conversationListOf(
  router: HttpRouter,
  ledger: Ledger,
  { limit, before, isWanted }: Listing,
): Page {
  const views: string[] = [];
  let bytes = 0;
  let replayed = 0;
  let last: Numbered | undefined;
  for (const row of ledger.recent(limit, before)) {
    if (!isWanted()) return undefined;
    const search = router.conversations.findSlowly(row.id);
    let found = search.next();
    for (; !found.done; found = search.next()) {
      replayed += found.value;
      yield found.value;
    }
    const view = found.value ? JSON.stringify(conversationView(router, found.value)) : '';
    const isFull = bytes + view.length > maxPageBytes || replayed > maxReplayedBytes;
    if (isFull && views.length > 0) break;
    if (view !== '') views.push(view);
    bytes += view.length;
    last = row;
    yield view.length;
  }
  const more = last && ledger.recent(1, last.number).length > 0;
  const next = more && requestPath('conversations', { query: { limit, before: last?.number } });
  return `{"conversations":[${views.join(',')}]${next ? `,"next":${JSON.stringify(next)}` : ''}}`;
}

/** Who is connected, by name, behind `after`. */
export const agentPageOf = (
  router: HttpRouter,
  { limit, after }: { limit: number; after: string },
): ResponseBody<'agents'> => {
  const behind = agentViews(router).filter(({ name }) => name > after);
  const agents = behind.slice(0, limit);
  const next = requestPath('agents', { query: { limit, after: agents.at(-1)?.name } });
  return { agents, ...(behind.length > limit && { next }) };
};

interface Reading {
  readonly since: number;
  readonly limit: number;
  /** Only what this member or former member may see. */
  readonly as: string | undefined;
}

/** A conversation and a page of its entries as JSON; undefined when there is none of this id, or `as` was never in it. */
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
