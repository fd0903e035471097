import type { DatabaseSync } from 'node:sqlite';
import type { Removed } from '../ledger.ts';

/** Pages that one removal returns to the file system: a limit, so that a removal stays short. */
const pagesGivenBack = 64;
/** Bounds a removal of long messages. */
const bytesPerRemoval = 4 * 1024 * 1024;

/** Removes conversations from a ledger file, inside a transaction of the caller. */
export interface Removal {
  remove(conversations: readonly string[], limit: number, enough?: number): Removed;
  /** Removes one conversation whole, whatever its state. */
  removeWhole(conversation: string): void;
  /** Returns free pages to the file system: outside a transaction. */
  returnPages(): void;
}

/** `removeShares`: removes the share links of the conversation with that key. */
export const removalOf = (database: DatabaseSync, removeShares: (key: number) => void): Removal => {
  const findKey = database.prepare('SELECT key, ended FROM conversations WHERE id = ?');
  const hide = database.prepare('UPDATE conversations SET ended = 2 WHERE key = ?');
  const newestSizes = database.prepare(
    'SELECT seq, octet_length(body) AS bytes FROM entries WHERE conversation = ? ORDER BY seq DESC LIMIT ?',
  );
  const removeEntries = database.prepare('DELETE FROM entries WHERE conversation = ? AND seq >= ?');
  const removeConversation = database.prepare('DELETE FROM conversations WHERE key = ?');
  const removeCheckpoint = database.prepare('DELETE FROM checkpoints WHERE conversation = ?');

  /** True when the conversation was removed completely. `budget` is what this transaction may still remove. */
  const removeOne = (id: string, budget: { entries: number; bytes: number }): boolean => {
    const row = findKey.get(id);
    if (!row || row.ended === 0) return true;
    const key = Number(row.key);
    hide.run(key);
    removeCheckpoint.run(key);
    removeShares(key);
    let first: number | undefined;
    let isWhole = true;
    for (const { seq, bytes } of newestSizes.all(key, budget.entries + 1)) {
      isWhole = budget.entries > 0 && budget.bytes > 0;
      if (!isWhole) break;
      first = Number(seq);
      budget.entries--;
      budget.bytes -= Number(bytes);
    }
    if (first !== undefined) removeEntries.run(key, first);
    if (isWhole) removeConversation.run(key);
    return isWhole;
  };

  return {
    removeWhole(conversation) {
      const row = findKey.get(conversation);
      if (!row) return;
      const key = Number(row.key);
      removeCheckpoint.run(key);
      removeShares(key);
      removeEntries.run(key, 0);
      removeConversation.run(key);
    },
    remove(conversations, limit, enough = bytesPerRemoval) {
      const budget = { entries: limit, bytes: bytesPerRemoval };
      for (const [gone, id] of conversations.entries()) {
        if (budget.entries <= 0 || bytesPerRemoval - budget.bytes >= enough) return { gone };
        if (!removeOne(id, budget)) return { gone, begun: id };
      }
      return { gone: conversations.length };
    },
    returnPages() {
      database.exec(`PRAGMA incremental_vacuum(${pagesGivenBack})`);
    },
  };
};
