import { mentionsIn, NameIndex, normalName } from '@parley/protocol';
import { blocksOfCode, endInOpenCode } from './fences.ts';
import { withoutParts } from './removed-lines.ts';
import { unitsOf } from './sentences.ts';

/** The member to which a moderator's message gives the floor, and the message without that direction. */
export interface Picked {
  readonly text: string;
  readonly target: string | undefined;
}

/** How many characters of a message are searched for a name without a mark. */
const searched = 8_000;

/** The words before the name of the next speaker. */
const words =
  '(?:next(?:[^\\S\\n]+(?:speaker|up|to[^\\S\\n]+speak|turn|is))?|(?:next[^\\S\\n]+)?role|speaker|下一位(?:发言者)?|次の(?:発言者|人)|다음(?:[^\\S\\n]+발언자)?)';
/** What may be before a direction on its line. It is bounded because it is tried at the start of each line. */
const lineStart = '[^\\S\\n]{0,20}(?:[>*_`#(\\[-]{1,6}[^\\S\\n]{0,20})?';
const direction = new RegExp(
  `^${lineStart}(${words})[*_\`]{0,3}[^\\S\\n]{0,3}[:：][*_\`]{0,3}([^\\n]{1,1000})$`,
  'gimu',
);
/** The same after other words of the last line: only in capitals or in full. */
const inline =
  /(?:^|[\s.!?。！？])[*_`([]{0,3}(?:NEXT(?: SPEAKER)?|[Nn]ext [Ss]peaker)[*_`]{0,3}\s{0,2}[:：]([^\n]{1,120})$/u;

/** A message that consists of a name and marks. */
const nameAlone =
  /^[*_`"'“([#> ]{0,8}([\p{L}\p{Nd}][\p{L}\p{M}\p{Nd}._-]{0,63}?)[*_`"'”)\].!?。！？ ]{0,8}$/u;

/** The words of a text that can be names. Scripts without blanks are searched in another way. */
const word = /[\p{L}\p{M}\p{Nd}](?:[\p{L}\p{M}\p{Nd}._-]|\\_){0,80}/gu;
const wide =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/** The words of a text with single blanks between, in lower case. */
const spacedOut = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{Nd}]+/gu, ' ')
    .trim();

/** The members that a text names, with or without a mark; each once, without an order. */
const namedIn = (text: string, peers: readonly string[]): string[] => {
  const names = new NameIndex(peers);
  const found = new Set<string>(mentionsIn(text, names).map(({ name }) => name));
  for (const [written] of text.matchAll(word)) {
    const plain = written.replaceAll('\\_', '_');
    const name = names.find(plain) ?? names.find(plain.replace(/[._-]{1,80}$/, ''));
    if (name !== undefined) found.add(name);
  }
  const normal = normalName(text);
  const spaced = ` ${spacedOut(normal)} `;
  for (const peer of peers) {
    // `cay_expert` is also written “Cay Expert”.
    const words = spacedOut(peer);
    if (words.includes(' ') && spaced.includes(` ${words} `)) found.add(peer);
  }
  for (const peer of peers) if (wide.test(peer) && normal.includes(peer)) found.add(peer);
  // A text that names only 小明明 does not name 小明.
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

/** `@name` at the end of the text, else at its beginning, else the last one in the text. */
const marked = (text: string, peers: readonly string[]): string | undefined => {
  const marks = mentionsIn(text, new NameIndex(peers));
  const last = marks.at(-1);
  if (!last) return undefined;
  if (/^[\s\p{P}]*$/u.test(text.slice(last.end, last.end + 100))) return last.name;
  return /^[\s\p{P}]*[@＠]/u.test(text.slice(0, 100)) ? marks[0]!.name : last.name;
};

/** Words that say of one of several members that it speaks next: its name is among the words after them. */
const blank = '[^\\S\\n]{1,9}';
const beforeNames = `next${blank}(?:(?:speaker|to${blank}speak)\\b|(?:turn|word)[^\\S\\n]{0,9}(?:is\\b|goes${blank}to\\b|[:：]))`;
/** The same with other uses, so that the name is the next word: “from the floor to the ceiling”, “next up is your answer”. */
const beforeName = [
  `(?:floor|microphone)${blank}(?:(?:goes|over|passes)${blank})?to${blank}`,
  `next${blank}up(?:${blank}(?:is|will${blank}be|we${blank}have)${blank}|[^\\S\\n]{0,9}[:：,—–-][^\\S\\n]{0,9})`,
].join('|');
/** What is after a name that is not the subject of a relative clause: “the point Ann raised”. */
const afterName = `(?=[^\\S\\n]{0,9}(?:$|[\\n.,:;!?…)(。，！？])|${blank}(?:[–—-]|(?:and|as|because|but|first|for|now|or|please|since|to|who|with)\\b))`;
const beforeNoun = `(?:(?!(?:about|after|and|as|at|before|by|for|from|in|of|on|or|than|that|to|which|who|with)\\b)[^\\s,.:;!?]{1,40}${blank})`;
/** A name, also behind a few words: “to you, Ben”, “to our colleague Ben”. In “our answer to Ben” the name is another thing. */
const nextName =
  `(?:(?:our|the|my)${blank}${beforeNoun}{0,2}?[^\\s,;!?]{1,80}${afterName}|` +
  `(?:you[,:]?${blank}${beforeNoun}{0,2})?[^\\s,;!?]{1,80})`;
const ownTurn = `(?:['’]s|s['’])${blank}turn\\b(?!${blank}(?:is|has|was)${blank}(?:over|done|ended|finished|up)\\b|${blank}was\\b)`;
/** The same after the name. */
const floor = [
  `,?${blank}(?:you${blank}have|has)${blank}the${blank}floor\\b`,
  "[^\\S\\n]{0,9}[,:—–][^\\S\\n]{0,9}(?:it['’]s[^\\S\\n]{1,9})?your[^\\S\\n]{1,9}turn\\b",
].join('|');
const turn = new RegExp(
  `\\b(?:${beforeNames})(?<among>[^.!?\\n]{1,60})|\\b(?:${beforeName})(?<next>${nextName})|` +
    `(?<before>[^.!?,;\\n]{1,60})(?:${ownTurn}|(?<floor>${floor}))`,
  'giu',
);
/** “That was Ann’s turn”, “after Ann’s turn”: a turn that has ended. */
const pastTurn = /\b(?:was|were|after|during|since)[^\S\n]{1,9}[^\s]{1,80}$/iu;

/** “before Ann has the floor”: a turn that has not begun. “Once again Ann has the floor” says that it has. */
const laterTurn = /\b(?:before|until|till|when|while|once|if)[^\S\n]{1,9}(?!again\b|more\b)[^\s]{1,80}$/iu;
/** “Ann gave the floor to Ben”, “before I give the floor to Ben”: the words before the floor. “Once more” begins no such words. */
const otherFloor =
  /\b(?:(?:gave|given(?!\s(?:all|how|that|what)\b)|passed|handed)\b(?!.*\b(?:I|we)\b)|(?:before|until|till|when|while|once(?!\s(?:again|more)\b)|if)\b)[^.!?,;\n]{0,30}$/iu;

/** “The next speaker after Ann is Ben”: the words up to the verb say whose turn has ended. */
const afterOther =
  /^[\s,(–—-]{1,3}(?:after|behind|following|besides?)\b[^:：]{0,50}?(?:\b(?:is|be|goes[^\S\n]to)\b|[:：])/iu;

/** The first part that names one member. */
const firstNamed = (parts: readonly string[], peers: readonly string[]): string | undefined =>
  parts.map((one) => only(namedIn(one, peers))).find((one) => one !== undefined);

/** The parts of the words after “the floor to” that can be the name. Behind “our”, “the” and “my” only the last one can. */
const nameParts = (next: string): string[] =>
  next.split(/\s+/).slice(/^(?:our|the|my)\s/iu.test(next) ? -1 : 0);

/** Whether a match of `turn` is about a turn that has ended or that comes later, or about another thing. */
const isOtherTurn = ({ input, index, groups = {} }: RegExpExecArray, peers: readonly string[]): boolean => {
  const { before, next, floor: words } = groups;
  if (next !== undefined && firstNamed(nameParts(next), peers) === undefined) return true;
  if (next !== undefined) return otherFloor.test(input.slice(Math.max(0, index - 60), index));
  return before !== undefined && (pastTurn.test(before) || (words !== undefined && laterTurn.test(before)));
};

/** Whether a sentence speaks to another member: “Ann, what now?”, “What now, Ann?”. */
const addresses = (sentence: string, isOther: (text: string) => boolean): boolean => {
  const first = /^[\s\p{P}]*([^\s,，、:：]{1,80})[^\S\n]?[,，、:：]/u.exec(sentence)?.[1];
  const last = /[,，、][^\S\n]?([^\s,，、:：]{1,80})[?？]$/u.exec(sentence.trimEnd())?.[1];
  return [first, last].some((name) => name !== undefined && isOther(name));
};

/** The first member after “the next speaker is”, the one after “the floor to”, or the last one before “…’s turn”. */
const announced = (text: string, peers: readonly string[]): string | undefined => {
  const last = [...text.matchAll(turn)].findLast((match) => !isOtherTurn(match, peers));
  if (!last) return undefined;
  const { among, next, before = '', floor: words } = last.groups!;
  const parts =
    among?.replace(afterOther, '').split(/\s+/) ??
    (next === undefined ? before.split(/\s+/).reverse() : nameParts(next));
  const name = firstNamed(parts, peers);
  if (among !== undefined) return name;
  const end = last.index + last[0].length;
  const later = unitsOf(text).filter(({ from }) => from >= end);
  const isOther = (part: string): boolean => namedIn(part, peers).some((one) => one !== name);
  const asksAnother = (): boolean =>
    next !== undefined || words !== undefined
      ? later.some(({ from, to }) => addresses(text.slice(from, to), isOther))
      : later.length > 0 && isOther(text.slice(end));
  // Another member that a later sentence asks, or names after “…’s turn”, speaks after that turn.
  return asksAnother() ? undefined : name;
};

/** The only member that the text names, or that its last sentence names, or that its beginning addresses. */
const unmarked = (text: string, peers: readonly string[]): string | undefined => {
  const part = text.slice(-searched);
  const last = unitsOf(part).at(-1);
  const first = /^[\s\p{P}]*([^\s,，、:：]{1,80})[^\S\n]?[,，、:：]/u.exec(part)?.[1];
  return (
    only(namedIn(part, peers)) ??
    announced(part, peers) ??
    (last && only(namedIn(part.slice(last.from, last.to), peers))) ??
    (first === undefined ? undefined : only(namedIn(first, peers)))
  );
};

/** A direction contains one name and at most a few other words. */
const picksIn = (matches: readonly (string | undefined)[], peers: readonly string[]): string | undefined =>
  matches
    .map((written = '') => marked(written, peers) ?? namedIn(written, peers)[0])
    .findLast((name) => name !== undefined);

/** The maximum length of a direction without a present member: `Next: all of you`, `NEXT: all of you may answer now`. */
const longestName = { words: 3, inCapitals: 8, wide: 8, characters: 120 };

/** `NEXT: None. The discussion is complete.`: to no member or to all, with anything after it. `NEXT: all costs` is no such one. */
const toNoneOrAll =
  /^[\s*_`"'“”[(]*(?:(?:none|nobody|no[ -]one|every(?:one|body)|anyone)(?!['’-]?[\p{L}\p{N}])|all(?:[^\S\n]*(?:[^\s\p{L}\p{N}'’-]|$)|\s(?:of|may|can|members|participants)\b))/iu;

/** Whether a last line that names no present member is a direction all the same: `NEXT: all`. */
const isDirection = (key: string, written: string, found: string, isWhole: boolean): boolean => {
  const { length } = written.trim().split(/\s+/);
  if (key.startsWith('NEXT')) return length <= longestName.inCapitals && !/[.?!]\s+\S/.test(written);
  // `Role: mediator` also describes a task.
  if (/^(?:role|speaker)$/i.test(key) || /[?？]|[.:;!]\s+\S/.test(written)) return false;
  // A message `Next up: the vote.` says something, and `- Next: the vote` is an item of a list.
  if ((isWhole && /^next\s+up$/i.test(key)) || /^[^\S\n]*-[^\S\n]/.test(found)) return false;
  return length <= longestName.words && !(wide.test(written) && written.trim().length > longestName.wide);
};

/**
 * The lines that only say who speaks next. `Next: what do we do?` is a part of the message, and so is code. But a block without an
 * end, or around the whole message, was often not meant as code: its last line is a direction when it names a member.
 */
const directionsIn = (text: string, peers: readonly string[]) => {
  const isCode = blocksOfCode(text);
  const end = text.trimEnd().length;
  const endInCode = endInOpenCode(text);
  return [...text.matchAll(direction)]
    .map(({ 0: found, 1: key = '', 2: written = '', index: from }) => ({
      found,
      key,
      written,
      from,
      to: from + found.length,
      inCode: isCode(from),
    }))
    .filter(({ found, key, written, from, to, inCode }) => {
      if (inCode) return endInCode !== undefined && to >= endInCode && namedIn(written, peers).length > 0;
      if (key.startsWith('NEXT') && toNoneOrAll.test(written)) return true;
      if (written.length > longestName.characters) return false;
      if (namedIn(written, peers).length > 0) return true;
      return to >= end && isDirection(key, written, found, text.slice(0, from).trim() === '');
    });
};

/** A block of code without text. */
const onlyFences = /^\s{0,9}```[^`\n]*(?:\n```)?$/;

/**
 * The member to which a moderator gives the floor in any usual form: first `NEXT: name` and `@name`, then the only member that is
 * named. Lines that contain only the direction are removed from the message.
 */
export const pickIn = (text: string, peers: readonly string[]): Picked => {
  const directions = directionsIn(text, peers);
  const told: (string | undefined)[] = directions.map(({ written }) => written);
  // In code, a direction is removed with the line break before it, so that no empty line remains.
  const removed = directions.map(({ from, to, inCode }) => ({ from: inCode ? from - 1 : from, to }));
  let rest = withoutParts(text, removed).replace(onlyFences, '');
  const behind = inline.exec(rest.trimEnd());
  if (behind && namedIn(behind[1]!, peers).length > 0) {
    told.push(behind[1]);
    rest = rest.trimEnd().slice(0, behind.index + (/[.!?。！？]/.test(behind[0].charAt(0)) ? 1 : 0));
  }
  rest = rest.trim();
  const alone = nameAlone.exec(rest.replaceAll('\\_', '_'))?.[1];
  const isAlone = alone !== undefined && new NameIndex(peers).find(alone) !== undefined;
  const target = picksIn(told, peers) ?? marked(rest, peers) ?? unmarked(rest, peers);
  return { text: isAlone ? '' : rest, target };
};

/** The beginning of an unfinished direction on the last line of a text. */
const begun = new RegExp(`(?:^|\\n)${lineStart}(?:${words})[^\\n]*$`, 'iu');

/** The part of a moderator's unfinished message that will surely stay in it, in whole sentences. */
export const unpickedSoFar = (text: string, peers: readonly string[]): string => {
  // The message may consist of a name only.
  if (text.length < 100 && namedIn(text, peers).length > 0) return '';
  const open = begun.exec(text) ?? inline.exec(text);
  const sure = open ? text.slice(0, open.index) : text;
  const directions = directionsIn(sure, peers);
  // Later text may show that a direction in code is a part of the code.
  const inCode = directions.find((one) => one.inCode);
  const settled = inCode ? sure.slice(0, inCode.from) : sure;
  return withoutParts(
    settled,
    directions.filter((one) => one !== inCode),
  )
    .trim()
    .replace(onlyFences, '');
};
