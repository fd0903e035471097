import type { Ledger } from '../ledger/ledger.ts';
import { undamaged } from '../ledger/undamaged.ts';
import type { Activity } from './activity.ts';

/** The maximum number of entries of earlier routers that are counted: the newest. */
const maxRecovered = 100_000;
const page = { entries: 200, bytes: 64 * 1024 };
const dayMs = 86_400_000;

/** The position after which all entries are from `at` or later. A binary search, because times grow with positions. */
const positionAt = (ledger: Ledger, at: number, first: number, last: number): number => {
  let [low, high] = [first, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [found] = undamaged(() => ledger.readAll(middle, 1), []);
    if (!found || found.position > high || found.entry.at >= at) high = middle;
    else low = found.position;
  }
  return low;
};

/**
 * Counts what earlier routers have written today, a little at a time: yields the bytes that each step may have read. To be run
 * once, when the sums are first asked for. Where today has more entries than the bound, its first ones are left out.
 */
export function* recoverActivity(activity: Activity, ledger: Ledger, now: number): Generator<number, void> {
  activity.isRecovered = true;
  const last = activity.startedAt;
  const midnight = Math.floor(now / dayMs) * dayMs;
  const first = Math.max(0, last - maxRecovered);
  const start = positionAt(ledger, midnight, first, last);
  let since = midnight;
  for (let at = start; at < last; ) {
    const entries = undamaged(() => ledger.readAll(at, page.entries, page.bytes), undefined);
    // Without these entries, the sums begin at the start of this router.
    if (!entries) return;
    for (const { position, conversation, entry } of entries) {
      if (position > last) break;
      if (at === start && start === first && first > 0) since = Math.max(since, entry.at);
      activity.recover(conversation, entry);
      at = position;
    }
    if (entries.at(-1)?.position !== at) break;
    yield page.bytes;
  }
  activity.recoveredSince(since);
}
