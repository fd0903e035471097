import { mentionsIn, NameIndex, normalName } from '@parley/protocol';
import { unitsOf } from './sentences.ts';

/** Whom a moderator's message gives the floor, and the message without what only says so. */
export interface Picked {
  readonly text: string;
  readonly target: string | undefined;
}

/** How much of a message is searched for a name that is not marked. */
const searched = 8_000;

/** The words that stand in front of the name of the next speaker. */
const words =
  '(?:next(?:[^\\S\\n]+(?:speaker|up|to[^\\S\\n]+speak|turn|is))?|(?:next[^\\S\\n]+)?role|speaker|下一位(?:发言者)?|次の(?:発言者|人)|다음(?:[^\\S\\n]+발언자)?)';
const direction = new RegExp(
  `^[^\\S\\n]*[>*_\`#(\\[-]{0,6}[^\\S\\n]*${words}[*_\`]{0,3}[^\\S\\n]{0,3}[:：][*_\`]{0,3}([^\\n]{1,120})$`,
  'gimu',
);
/** On the last line behind other words: in capitals, or in full. */
const inline =
  /(?:^|[\s.!?。！？])[*_`([]{0,3}(?:NEXT(?: SPEAKER)?|[Nn]ext [Ss]peaker)[*_`]{0,3}\s{0,2}[:：]([^\n]{1,120})$/u;

/** A message that is nothing but a name, marks aside. */
const nameAlone =
  /^[*_`"'“([#> ]{0,8}([\p{L}\p{Nd}][\p{L}\p{M}\p{Nd}._-]{0,63}?)[*_`"'”)\].!?。！？ ]{0,8}$/u;

/** Words of a text that can be names; unspaced scripts are searched otherwise. */
const word = /[\p{L}\p{M}\p{Nd}](?:[\p{L}\p{M}\p{Nd}._-]|\\_){0,80}/gu;
const wide =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/** The members that a text names, marked or not, each once, in no order. */
const namedIn = (text: string, peers: readonly string[]): string[] => {
  const names = new NameIndex(peers);
  const found = new Set<string>(mentionsIn(text, names).map(({ name }) => name));
  for (const [written] of text.matchAll(word)) {
    const plain = written.replaceAll('\\_', '_');
    const name = names.find(plain) ?? names.find(plain.replace(/[._-]{1,80}$/, ''));
    if (name !== undefined) found.add(name);
  }
  const normal = normalName(text);
  for (const peer of peers) if (wide.test(peer) && normal.includes(peer)) found.add(peer);
  // 小明 is not named where only 小明明 is.
  return [...found].filter(
    (name) =>
      ![...found].some(
        (other) =>
          other !== name &&
          wide.test(other) &&
          other.includes(name) &&
          !normal.replaceAll(other, '').includes(name),
      ),
  );
};

const only = (names: readonly string[]): string | undefined => (names.length === 1 ? names[0] : undefined);

/** `@name` at the end or the beginning of the text, the former first; else the last one anywhere. */
const marked = (text: string, peers: readonly string[]): string | undefined => {
  const marks = mentionsIn(text, new NameIndex(peers));
  const last = marks.at(-1);
  if (!last) return undefined;
  if (/^[\s\p{P}]*$/u.test(text.slice(last.end, last.end + 100))) return last.name;
  return /^[\s\p{P}]*[@＠]/u.test(text.slice(0, 100)) ? marks[0]!.name : last.name;
};

/** The only member named in the text, in its last sentence, or spoken to at its beginning. */
const unmarked = (text: string, peers: readonly string[]): string | undefined => {
  const part = text.slice(-searched);
  const last = unitsOf(part).at(-1);
  const first = /^[\s\p{P}]*([^\s,，、:：]{1,80})[^\S\n]?[,，、:：]/u.exec(part)?.[1];
  return (
    only(namedIn(part, peers)) ??
    (last && only(namedIn(part.slice(last.from, last.to), peers))) ??
    (first === undefined ? undefined : only(namedIn(first, peers)))
  );
};

/** What stands in the place of a direction is one name, with at most a few words about it. */
const picksIn = (matches: readonly (string | undefined)[], peers: readonly string[]): string | undefined =>
  matches
    .map((written = '') => marked(written, peers) ?? namedIn(written, peers)[0])
    .findLast((name) => name !== undefined);

/**
 * The member to whom a moderator gives the floor, in any usual way: `NEXT: name` and `@name` before all else, then the only
 * member that is named. Lines that say nothing besides are taken out of the message.
 */
export const pickIn = (text: string, peers: readonly string[]): Picked => {
  const told = [...text.matchAll(direction)].map(([, written]) => written);
  let rest = text.replace(direction, '');
  const behind = inline.exec(rest.trimEnd());
  if (behind && namedIn(behind[1]!, peers).length > 0) {
    told.push(behind[1]);
    rest = rest.trimEnd().slice(0, behind.index + (/[.!?。！？]/.test(behind[0].charAt(0)) ? 1 : 0));
  }
  rest = rest.replace(/\n{3,}/g, '\n\n').trim();
  const alone = nameAlone.exec(rest.replaceAll('\\_', '_'))?.[1];
  const isAlone = alone !== undefined && new NameIndex(peers).find(alone) !== undefined;
  const target = picksIn(told, peers) ?? marked(rest, peers) ?? unmarked(rest, peers);
  return { text: isAlone ? '' : rest, target };
};

/** The beginning of a direction that is still being written, on the last line of a text. */
const begun = new RegExp(`(?:^|\\n)[^\\S\\n]*[>*_\`#(\\[-]{0,6}[^\\S\\n]*(?:${words})[^\\n]*$`, 'iu');

/** What is certain to be said of a moderator's message that is still being written in whole sentences. */
export const unpickedSoFar = (text: string, peers: readonly string[]): string => {
  // A name alone may be all of the message.
  if (text.length < 100 && namedIn(text, peers).length > 0) return '';
  const open = begun.exec(text) ?? inline.exec(text);
  const sure = open ? text.slice(0, open.index) : text;
  return sure
    .replace(direction, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
};
