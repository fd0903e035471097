import { type Entry, maxExcerpt } from '@parley/protocol';
import { undamaged } from '../../ledger/undamaged.ts';
import type { HttpRouter } from '../server/http-router.ts';

/** What is read of one conversation in one step, and in all. */
const page = { entries: 200, bytes: 64 * 1024 };
const maxSearchedBytes = 64 * 1024 * 1024;

/** A message with the text that was searched, and the part of it around the text. */
export interface Found {
  readonly seq: number;
  readonly from: string;
  readonly text: string;
}

const lower = (text: string): string => text.toLocaleLowerCase();

/** Whether `text` contains `wanted`, in upper or lower case. */
export const contains = (text: string, wanted: string): boolean => lower(text).includes(lower(wanted));

/** About as much before the text that was found as after it, on one line. */
const excerptOf = (text: string, wanted: string): string => {
  const at = Math.max(0, lower(text).indexOf(lower(wanted)));
  const begin = Math.max(0, at - Math.floor((maxExcerpt - wanted.length) / 2));
  const part = text.slice(begin, begin + maxExcerpt - 2).replace(/\s/g, ' ');
  return `${begin > 0 ? '…' : ''}${part}${begin + maxExcerpt - 2 < text.length ? '…' : ''}`;
};

/** The first message of the conversation with the text; undefined when there is none. Yields the bytes that were read. */
export function* firstWith(
  { conversations }: HttpRouter,
  id: string,
  wanted: string,
): Generator<number, Found | undefined> {
  let searched = 0;
  for (let since = 0; searched < maxSearchedBytes; ) {
    const entries: readonly Entry[] = undamaged(() => conversations.page(id, since, page), []);
    let bytes = 0;
    for (const entry of entries) {
      bytes += 200 + ('text' in entry ? entry.text.length : 0);
      if (entry.type === 'said' && contains(entry.text, wanted))
        return { seq: entry.seq, from: entry.from, text: excerptOf(entry.text, wanted) };
    }
    const last = entries.at(-1);
    if (!last) return undefined;
    since = last.seq;
    searched += bytes;
    yield bytes;
  }
  return undefined;
}
