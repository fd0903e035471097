import { isDeepStrictEqual } from 'node:util';
import type { Entry } from '@parley/protocol';
import type { Fault, FaultKind, History, Receipt } from './history.ts';

const takesTurn = (entry: Entry): entry is Entry & { turn: number } =>
  (entry.type === 'said' || entry.type === 'passed' || entry.type === 'bid') && entry.turn !== undefined;

const same = (a: Entry, b: Entry): boolean => isDeepStrictEqual(a, b);

/** An entry apart from its place. */
const contentOf = ({ seq: _, ...content }: Entry): object => content;

type Report = (kind: FaultKind, detail: string) => void;

/** What one ledger's account of one conversation says about itself. */
const checkAlone = ({ source, entries }: History, report: Report): void => {
  const [first] = entries;
  if (first && first.type !== 'forked' && (first.type !== 'opened' || first.seq !== 1))
    report('misplaced', `${source}: begins with ${first.type} at ${first.seq}`);
  let last: Entry | undefined;
  const seen = new Set<number>();
  const takenAt = new Map<number, number>();
  for (const entry of entries) {
    const { seq } = entry;
    if (seen.has(seq)) report('doubled', `${source}: entry ${seq} stands there twice`);
    else if (last && seq < last.seq) report('reordered', `${source}: entry ${seq} comes after ${last.seq}`);
    else if (last && seq > last.seq + 1)
      report('gap', `${source}: entry ${last.seq + 1} is missing before ${seq}`);
    if (last?.type === 'ended') report('misplaced', `${source}: entry ${seq} comes after the end`);
    if (takesTurn(entry)) {
      const before = takenAt.get(entry.turn);
      if (before !== undefined)
        report('doubled', `${source}: turn ${entry.turn} is taken by entry ${before} and by entry ${seq}`);
      takenAt.set(entry.turn, seq);
    }
    seen.add(seq);
    last = entry;
  }
};

/** Ledgers may be further or less far than each other, never different. */
const checkTogether = (histories: readonly History[], report: Report): void => {
  const [longest, ...others] = histories.toSorted((a, b) => b.entries.length - a.entries.length);
  const bySeq = new Map(longest?.entries.map((entry) => [entry.seq, entry]));
  for (const { source, entries } of others) {
    for (const entry of entries) {
      const known = bySeq.get(entry.seq);
      if (!known) report('lost', `${longest?.source}: entry ${entry.seq} of ${source} is not there`);
      else if (!same(known, entry))
        report('changed', `entry ${entry.seq} is another in ${source} than in ${longest?.source}`);
    }
  }
};

/** What a member may not see of an entry (PROTOCOL 10.3): these fields are left out of what it is shown, or shortened. */
const hidden: ReadonlySet<string> = new Set([
  'usage',
  'cost',
  'tookMs',
  'likeness',
  'request',
  'detail',
  'cast',
  'hears',
]);

/** Whether `shown` is the entry itself, or what a member may see of it. */
const isViewOf = (shown: Entry, entry: Entry): boolean => {
  const fields = new Set([...Object.keys(shown), ...Object.keys(entry)]);
  const valueIn = (one: Entry, field: string): unknown => (one as unknown as Record<string, unknown>)[field];
  return [...fields].every(
    (field) =>
      isDeepStrictEqual(valueIn(shown, field), valueIn(entry, field)) ||
      (hidden.has(field) && field in entry),
  );
};

const checkReceipts = (entries: readonly Entry[], receipts: readonly Receipt[], report: Report): void => {
  const bySeq = new Map(entries.map((entry) => [entry.seq, entry]));
  const byTurn = new Map(entries.filter(takesTurn).map((entry) => [entry.turn, entry]));
  for (const receipt of receipts) {
    if (receipt.kind === 'shown') {
      const { entry } = receipt;
      const there = bySeq.get(entry.seq);
      if (there && isViewOf(entry, there)) continue;
      const moved = entries.find((other) => isDeepStrictEqual(contentOf(other), contentOf(entry)));
      if (moved) report('reordered', `entry ${entry.seq} was shown and stands at ${moved.seq}`);
      else if (there) report('changed', `entry ${entry.seq} is not what was shown`);
      else report('lost', `entry ${entry.seq} was shown and is not there`);
      continue;
    }
    const { seq, turn, by } = receipt;
    const there = bySeq.get(seq);
    if (turn === undefined) {
      if (!there) report('lost', `entry ${seq} was acknowledged and is not there`);
      continue;
    }
    // A turn given back because of a failure is acknowledged too: it lapses, or passes in the member's name.
    if (there && 'turn' in there && there.turn === turn) {
      if (by !== undefined && 'from' in there && there.from !== by)
        report('changed', `turn ${turn} was acknowledged to ${by} and is ${there.from}'s`);
      continue;
    }
    const moved = byTurn.get(turn);
    if (moved)
      report('reordered', `turn ${turn} was acknowledged as entry ${seq} and stands at ${moved.seq}`);
    else report('lost', `turn ${turn} was acknowledged as entry ${seq} and is not there`);
  }
};

/**
 * Whether ledgers kept what routers promised: nothing acknowledged or shown is lost, doubled, reordered or changed, and
 * no conversation has a gap. Knows nothing of how the router works; entries and receipts are all it goes by.
 */
export const checkHistories = (histories: readonly History[], receipts: readonly Receipt[]): Fault[] => {
  const faults: Fault[] = [];
  const conversations = new Set([...histories, ...receipts].map(({ conversation }) => conversation));
  const told = Map.groupBy(receipts, ({ conversation }) => conversation);
  const kept = Map.groupBy(histories, ({ conversation }) => conversation);
  for (const conversation of conversations) {
    const report: Report = (kind, detail) => faults.push({ kind, conversation, detail });
    const accounts = kept.get(conversation) ?? [];
    for (const account of accounts) checkAlone(account, report);
    checkTogether(accounts, report);
    const longest = accounts.toSorted((a, b) => b.entries.length - a.entries.length)[0];
    const own = longest?.entries ?? [];
    const start = own[0]?.seq ?? 1;
    // What a fork shares with its parent stands in the parent's history.
    const concerned = (told.get(conversation) ?? []).filter(
      (receipt) => (receipt.kind === 'shown' ? receipt.entry.seq : receipt.seq) >= start,
    );
    checkReceipts(own, concerned, report);
  }
  return faults;
};
