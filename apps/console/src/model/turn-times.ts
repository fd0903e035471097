import { type Entry, floorAfter } from '@parley/protocol';

/** How long one turn waited, and how long its member then took. */
export interface TurnTime {
  readonly seq: number;
  readonly from: string;
  readonly waitMs: number;
  /** Undefined where the router does not know it: an answer of a plain client or of a person, or an old ledger. */
  readonly modelMs: number | undefined;
}

/**
 * The times of the turns among these entries, oldest first. A turn begins when an entry gives its member the floor; of a turn that
 * began before the first of the entries nothing is told.
 */
export const turnTimes = (entries: readonly (Entry | undefined)[]): readonly TurnTime[] => {
  const given = new Map<string, number>();
  let floor: readonly string[] = [];
  const times: TurnTime[] = [];
  for (const entry of entries) {
    if (!entry) {
      given.clear();
      floor = [];
      continue;
    }
    const isAnswer = (entry.type === 'said' && entry.turn !== undefined) || entry.type === 'passed';
    const since = isAnswer ? given.get(entry.from) : undefined;
    if (isAnswer && since !== undefined) {
      const all = Math.max(0, entry.at - since);
      const modelMs = entry.tookMs === undefined ? undefined : Math.min(all, entry.tookMs);
      times.push({ seq: entry.seq, from: entry.from, waitMs: all - (modelMs ?? 0), modelMs });
    }
    if (isAnswer) given.delete(entry.from);
    const next = floorAfter(entry, floor);
    if (!next) continue;
    for (const name of next) if (!given.has(name)) given.set(name, entry.at);
    for (const name of given.keys()) if (!next.includes(name)) given.delete(name);
    floor = next;
  }
  return times;
};
