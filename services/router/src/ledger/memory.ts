import type { Entry } from '@parley/protocol';
import {
  type Appended,
  type Batch,
  type Checkpoint,
  checkSequence,
  type EndedConversation,
  jsonBytes,
  type Ledger,
  type Placed,
  type Share,
} from './ledger.ts';
import { oldestMarks } from './mark-documents.ts';

interface Held {
  readonly entries: Entry[];
  readonly positions: number[];
  readonly number: number;
  checkpoint?: Checkpoint;
  ended: boolean;
  removing: boolean;
}

const bytesOf = (entry: Entry): number => 200 + ('text' in entry ? entry.text.length : 0);
const headOf = (held: Held | undefined): number => held?.entries.at(-1)?.seq ?? 0;

/** How many entries, counted from the first, fit into `maxBytes` of JSON; at least one. */
const fitting = (entries: readonly Entry[], maxBytes: number): number => {
  if (maxBytes === Number.POSITIVE_INFINITY) return entries.length;
  let left = maxBytes;
  const tooMany = entries.findIndex((entry) => {
    left -= jsonBytes(entry);
    return left < 0;
  });
  return tooMany === -1 ? entries.length : Math.max(1, tooMany);
};

/** A ledger that is lost when the process ends: for tests, benchmarks and runs that are not kept. */
export const openMemoryLedger = (): Ledger => {
  const conversations = new Map<string, Held>();
  /** By position; the entry at index i has position `removed + i + 1`. */
  let log: (Placed | undefined)[] = [];
  let removed = 0;
  let opened = 0;
  let size = 0;
  const marked = new Map<string, number>();
  const shares = new Map<string, Share>();
  const position = () => removed + log.length;

  const appendOne = (batch: Batch): Appended => {
    const { conversation, expectedSeq, entries, checkpoint } = batch;
    const known = conversations.get(conversation);
    if (headOf(known) !== expectedSeq) return { ok: false, seq: headOf(known) };
    if (entries.length === 0) return { ok: true, position: position() };
    const held: Held = known ?? {
      entries: [],
      positions: [],
      number: ++opened,
      ended: false,
      removing: false,
    };
    if (checkpoint) held.checkpoint = checkpoint;
    conversations.set(conversation, held);
    for (const entry of entries) {
      held.entries.push(entry);
      if (entry.type === 'ended') held.ended = true;
      log.push({ position: position() + 1, conversation, entry });
      held.positions.push(position());
      size += bytesOf(entry);
    }
    return { ok: true, position: position() };
  };

  const visible = () => [...conversations].filter(([, { removing }]) => !removing);
  const parents = (): Set<string> =>
    new Set(
      [...conversations.values()].flatMap(({ entries: [first] }) =>
        first?.type === 'forked' ? [first.parent.conversation] : [],
      ),
    );

  const removeOne = (id: string, limit: number): boolean => {
    const held = conversations.get(id);
    if (!held?.ended) return true;
    held.removing = true;
    for (const at of held.positions.splice(-limit)) {
      log[at - removed - 1] = undefined;
      const entry = held.entries.pop();
      if (entry) size -= bytesOf(entry);
    }
    if (held.entries.length > 0) return false;
    conversations.delete(id);
    for (const share of [...shares.values()]) if (share.conversation === id) shares.delete(share.id);
    const kept = log.findIndex((placed) => placed !== undefined);
    const gone = kept === -1 ? log.length : kept;
    log = log.slice(gone);
    removed += gone;
    return true;
  };

  const logged = (
    since: number,
    limit: number,
    maxBytes = Number.POSITIVE_INFINITY,
    isWanted = (_placed: Placed) => true,
  ): Placed[] => {
    const page: Placed[] = [];
    for (let i = Math.max(0, since - removed); i < log.length && page.length < limit; i++) {
      const placed = log[i];
      if (placed && isWanted(placed)) page.push(placed);
    }
    const entries = page.map(({ entry }) => entry);
    return page.slice(0, fitting(entries, maxBytes));
  };

  return {
    async append(batches) {
      batches.forEach(checkSequence);
      for (const { entries } of batches) {
        const parent = entries[0]?.type === 'forked' ? entries[0].parent.conversation : undefined;
        const held = parent === undefined ? undefined : conversations.get(parent);
        if (parent !== undefined && (!held || held.removing))
          throw new Error(`${parent} is not there to be forked`);
      }
      return batches.map(appendOne);
    },
    read(conversation, since, limit, maxBytes = Number.POSITIVE_INFINITY) {
      const held = conversations.get(conversation);
      const [first] = held?.entries ?? [];
      if (!held || !first || held.removing) return [];
      const start = Math.max(0, since + 1 - first.seq);
      const page = held.entries.slice(start, start + limit);
      return page.slice(0, fitting(page, maxBytes));
    },
    readNewest(conversation, { since, through }, bound) {
      const held = conversations.get(conversation);
      const [first] = held?.entries ?? [];
      if (!held || !first || held.removing) return [];
      const end = Math.max(0, through + 1 - first.seq);
      const start = Math.max(0, since + 1 - first.seq, Math.min(end, held.entries.length) - bound.entries);
      const page = held.entries.slice(start, end).reverse();
      return page.slice(0, fitting(page, bound.bytes)).reverse();
    },
    readAll: (since, limit, maxBytes) => logged(since, limit, maxBytes),
    readOf: (conversation, { position: since }, limit, maxBytes) =>
      conversations.get(conversation)?.removing === false
        ? logged(since, limit, maxBytes, (placed) => placed.conversation === conversation)
        : [],
    position,
    unfinished: () => [...conversations].filter(([, { ended }]) => !ended).map(([id]) => id),
    recent: (limit, before = Number.POSITIVE_INFINITY) =>
      limit === 0
        ? []
        : visible()
            .filter(([, { number }]) => number < before)
            .slice(-limit)
            .map(([id, { number }]) => ({ id, number }))
            .reverse(),
    total: () => visible().length,
    marks: () => new Map(marked),
    mark(marks) {
      for (const [name, at] of marks) marked.set(name, Math.max(at, marked.get(name) ?? 0));
      for (const name of oldestMarks(marked)) marked.delete(name);
    },
    checkpoint(id) {
      const held = conversations.get(id);
      return held?.removing ? undefined : held?.checkpoint;
    },
    keep(checkpoints) {
      for (const { conversation, ...checkpoint } of checkpoints) {
        const held = conversations.get(conversation);
        if (held && !held.removing) held.checkpoint = checkpoint;
      }
    },
    forksOf: (conversation, limit) =>
      visible()
        .filter(
          ([, { entries }]) =>
            entries[0]?.type === 'forked' && entries[0].parent.conversation === conversation,
        )
        .slice(0, limit)
        .map(([id]) => id),
    shares: () =>
      [...shares.values()].filter((one) => conversations.get(one.conversation)?.removing === false),
    keepShare(share) {
      if (!conversations.has(share.conversation))
        throw new Error(`${share.conversation} is not there to be shared`);
      shares.set(share.id, share);
    },
    removeShare: (id) => void shares.delete(id),
    size: () => size,
    removable(limit, after) {
      const needed = parents();
      const isBehind = (one: EndedConversation) =>
        !after || one.at > after.at || (one.at === after.at && one.place > after.place);
      return [...conversations]
        .filter(([id, { ended }]) => ended && !needed.has(id))
        .map(([id, { entries }], place) => ({ id, at: entries.at(-1)?.at ?? 0, place }))
        .filter(isBehind)
        .sort((a, b) => a.at - b.at || a.place - b.place)
        .slice(0, limit);
    },
    remove(ids, limit, enough = Number.POSITIVE_INFINITY) {
      const before = size;
      let left = limit;
      for (const [gone, id] of ids.entries()) {
        if (left <= 0 || before - size >= enough) return { gone };
        const count = conversations.get(id)?.entries.length ?? 0;
        if (!removeOne(id, left)) return { gone, begun: id };
        left -= count;
      }
      return { gone: ids.length };
    },
    backup: () => Promise.reject(new Error('a ledger in memory has no file to copy')),
    close() {},
  };
};
