import type { Entry } from '@parley/protocol';
import type { Appended, Batch, Ledger, Placed } from './ledger.ts';

interface Held {
  entries: Entry[];
  ended: boolean;
}

/** Lives as long as the process: for tests, benches and runs that nobody wants to keep. */
export const openMemoryLedger = (): Ledger => {
  const conversations = new Map<string, Held>();
  const log: Placed[] = [];
  const marked = new Map<string, number>();

  const appendOne = ({ conversation, expectedSeq, entries }: Batch): Appended => {
    const held = conversations.get(conversation) ?? { entries: [], ended: false };
    if (held.entries.length !== expectedSeq) return { ok: false, seq: held.entries.length };
    conversations.set(conversation, held);
    for (const entry of entries) {
      held.entries.push(entry);
      if (entry.type === 'ended') held.ended = true;
      log.push({ position: log.length + 1, conversation, entry });
    }
    return { ok: true, position: log.length };
  };

  return {
    append: (batches) => Promise.resolve(batches.map(appendOne)),
    read: (conversation, since, limit) =>
      conversations.get(conversation)?.entries.slice(since, since + limit) ?? [],
    readAll: (since, limit) => log.slice(since, since + limit),
    position: () => log.length,
    unfinished: () => [...conversations].filter(([, { ended }]) => !ended).map(([id]) => id),
    recent: (limit) => [...conversations.keys()].slice(-limit).reverse(),
    marks: () => new Map(marked),
    mark(marks) {
      for (const [name, position] of marks) marked.set(name, position);
    },
    close() {},
  };
};
