import type { Entry } from '@parley/protocol';
import type { Conversations } from '../conversations/conversations.ts';
import { tokensOf } from '../core/endings/endings.ts';
import type { Ledger, Placed } from '../ledger/ledger.ts';
import type { EarlierCall, Pools } from './pools.ts';

const pageSize = 1_000;
const pageBytes = 4 * 1024 * 1024;

/** Whether the entry answers a grant, so that the model was called. A message without usage was written by a person. */
const wasCall = (entry: Entry): boolean =>
  entry.type === 'said'
    ? entry.turn !== undefined && entry.usage !== undefined
    : entry.type === 'passed' || entry.type === 'lapsed' || entry.type === 'bid';

/** The newest entries of the ledger, at least those since `from`, oldest first. Each is read once, in pages. */
function* newestEntries(ledger: Ledger, from: number): Iterable<Placed> {
  const last = ledger.position();
  let since = last - pageSize;
  // The start is searched in steps of doubling size; each step reads one entry.
  for (let step = pageSize; since > 0; step *= 2) {
    const [oldest] = ledger.readAll(since, 1);
    if (oldest && oldest.entry.at < from) break;
    since -= step;
  }
  for (let at = Math.max(0, since); ; ) {
    const page = ledger.readAll(at, pageSize, pageBytes);
    yield* page;
    const end = page.at(-1);
    if (!end) return;
    at = end.position;
  }
}

/**
 * Counts the calls that the earlier router leased: those whose turns were answered in the last window, from the ledger, and
 * those that may be under way, one for each turn on the floor. So a restart never allows more calls than the rule. If many
 * turns wait, it may delay them by one window. Only a second restart within one window may miss calls: those of a turn that
 * both routers granted and no agent answered.
 */
export const recoverPools = (
  pools: Pools,
  { ledger, conversations, now }: { ledger: Ledger; conversations: Conversations; now: number },
): void => {
  if (!pools.any || ledger.position() === 0) return;
  const from = now - pools.windowMs;
  const calls: EarlierCall[] = [];
  for (const { conversation, entry } of newestEntries(ledger, from)) {
    if (entry.at < from || !wasCall(entry)) continue;
    const own = 'from' in entry ? conversations.find(conversation)?.cast.get(entry.from)?.model : undefined;
    const usage = 'usage' in entry ? entry.usage : undefined;
    const tokens = usage && tokensOf(usage);
    calls.push({ at: Math.min(entry.at, now), model: own ?? usage?.model, tokens });
  }
  for (const state of conversations.running()) {
    for (const { member, notBefore } of state.floor)
      if (notBefore <= conversations.timeOf(state))
        calls.push({ at: now, model: state.cast.get(member)?.model });
  }
  pools.recover(calls.sort((a, b) => a.at - b.at));
};
