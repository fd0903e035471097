import type { DatabaseSync } from 'node:sqlite';
import { mostMarks, oldestMarks } from '../mark-documents.ts';

/** The table of watermarks. `most`: how many names it keeps. */
export const markRows = (database: Pick<DatabaseSync, 'prepare'>, most = mostMarks) => {
  const set = database.prepare(
    `INSERT INTO marks (name, position) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position)`,
  );
  const forget = database.prepare('DELETE FROM marks WHERE name = ?');
  const count = database.prepare('SELECT count(*) AS names FROM marks');
  /** At least as many names as have a mark: it is counted when it may be too many. */
  let marked = most;

  const all = (): Map<string, number> =>
    new Map(
      database
        .prepare('SELECT name, position FROM marks')
        .all()
        .map(({ name, position }) => [name as string, Number(position)]),
    );

  return {
    all,
    /** To be called in a transaction. */
    keep(marks: ReadonlyMap<string, number>): void {
      for (const [name, at] of marks) set.run(name, at);
      marked += marks.size;
      if (marked <= most) return;
      // Near the bound every few calls come here. All names are read only when some are to be forgotten.
      marked = Number(count.get()?.names);
      if (marked <= most) return;
      const known = all();
      const forgotten = oldestMarks(known, most);
      for (const name of forgotten) forget.run(name);
      marked = known.size - forgotten.length;
    },
  };
};
