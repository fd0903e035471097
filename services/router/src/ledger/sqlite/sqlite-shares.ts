import type { DatabaseSync } from 'node:sqlite';
import type { Share } from '../ledger.ts';

/** The table of share links. */
export const shareRows = (database: DatabaseSync) => {
  const list = database.prepare(
    `SELECT s.id, c.id AS conversation, s.digest, s.made_by, s.made_at, s.expires_at, s.revoked_by, s.revoked_at
     FROM shares s JOIN conversations c ON c.key = s.conversation WHERE c.ended < 2 ORDER BY s.key`,
  );
  const put = database.prepare(
    `INSERT INTO shares (id, conversation, digest, made_by, made_at, expires_at, revoked_by, revoked_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET revoked_by = excluded.revoked_by, revoked_at = excluded.revoked_at`,
  );
  const removeOf = database.prepare('DELETE FROM shares WHERE conversation = ?');
  const remove = database.prepare('DELETE FROM shares WHERE id = ?');

  return {
    all: (): Share[] =>
      list.all().map((row) => ({
        id: row.id as string,
        conversation: row.conversation as string,
        digest: row.digest as string,
        by: row.made_by as string,
        madeAt: Number(row.made_at),
        expiresAt: Number(row.expires_at),
        ...(row.revoked_at !== null && {
          revoked: { at: Number(row.revoked_at), by: row.revoked_by as string },
        }),
      })),
    /** `key`: of the conversation. */
    keep({ id, conversation, digest, by, madeAt, expiresAt, revoked }: Share, key: number | undefined): void {
      if (key === undefined) throw new Error(`${conversation} is not there to be shared`);
      const times = [Math.floor(madeAt), Math.floor(expiresAt)] as const;
      put.run(id, key, digest, by, ...times, revoked?.by ?? null, revoked ? Math.floor(revoked.at) : null);
    },
    remove: (id: string): void => void remove.run(id),
    removeOf: (key: number): void => void removeOf.run(key),
  };
};
