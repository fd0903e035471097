import { hash } from 'node:crypto';
import type { Conversation } from '../../core/conversation.ts';
import type { Opening } from '../../core/opening.ts';

/** The same for two openings by the same opener with the same members, in any order. */
const keyOf = ({ by, members }: Opening): string =>
  hash('sha256', [by, ...[...new Set([by, ...members])].sort()].join('\n'), 'base64');

/** The running conversations by their opener and its members. A fork was not opened. */
export class Openings {
  readonly #ids = new Map<string, Set<string>>();

  add({ id, by, named, parent }: Conversation): void {
    if (parent) return;
    const key = keyOf({ by, members: named });
    const ids = this.#ids.get(key);
    if (ids) ids.add(id);
    else this.#ids.set(key, new Set([id]));
  }

  delete({ id, by, named, parent }: Conversation): void {
    if (parent) return;
    const key = keyOf({ by, members: named });
    const ids = this.#ids.get(key);
    ids?.delete(id);
    if (ids?.size === 0) this.#ids.delete(key);
  }

  /** The oldest first. */
  of(opening: Opening): Iterable<string> {
    return this.#ids.get(keyOf(opening)) ?? [];
  }
}
