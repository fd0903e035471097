import { isFence } from './fences.ts';
import { settledLength, withoutControls } from './plain-text.ts';
import { noPrompt, type PromptLines } from './prompt-lines.ts';
import { spoken, spokenSoFar } from './reasoning.ts';
import { withoutParts } from './removed-lines.ts';
import { isStuck, withoutLoop, withoutLoopSoFar } from './repetition.ts';
import { isFinished, whole, wholeSoFar } from './sentences.ts';
import { type Label, SpeakerLabels, type WordLinks } from './speaker-labels.ts';

/** The parameters of cleaning a reply: the speaker, the other members, the maximum length of a message. */
export interface ReplyRules {
  readonly self: string;
  readonly others: readonly string[];
  readonly maxLength: number;
  /** The prompt. Its sentences are removed from the reply. */
  readonly prompt?: PromptLines | undefined;
}

/** Why nothing of a reply remains. The model is told this when it is asked again. */
export type Unsayable = 'empty' | 'reasoning' | 'for-others' | 'recited';

/** The cleaned reply. */
export interface Cleaned {
  readonly text: string;
  /** Another member, if its name was before the reply, or if the reply ended at its name. */
  readonly named: string | undefined;
  readonly unsayable: Unsayable | undefined;
}

/** The prompt has remarks in round brackets on lines of their own, and models often continue with such remarks. */
const narration =
  /^[^\S\n]*[*_]{0,3}\((?:you begin|now \S{1,64} speaks|the conversation (?:begins|continues|ends|goes on)|nobody has answered|no answer has come|earlier (?:lines|messages) are|this is the last (?:line|message)|only \d+ (?:lines|messages)|your (?:own notes|last reply)|the narrator|say your closing)[^()\n]*\)[*_]{0,3}[^\S\n]*/gim;
const openNarration = /(?:^|\n)[^\S\n]*[*_]{0,3}\([^)\n]*$/;

const labelsOf = new WeakMap<ReplyRules, SpeakerLabels>();
const labels = (rules: ReplyRules): SpeakerLabels => {
  const known = labelsOf.get(rules) ?? new SpeakerLabels([rules.self, ...rules.others]);
  labelsOf.set(rules, known);
  return known;
};

/** Whether a text is only the name of a member, as models write it before a reply. */
const isSpeakerOf =
  (rules: ReplyRules) =>
  (text: string): boolean => {
    const length = text.includes('\n') ? undefined : labels(rules).at(text)?.length;
    return length !== undefined && length >= text.length;
  };

/** A part of a reply under one name. The first part has no name. */
interface Part {
  readonly whose: 'unnamed' | 'own' | 'other' | 'assistant';
  readonly name: string | undefined;
  text: string;
}

/** What is read: the whole reply; an unfinished one that may end here; an unfinished one for the part that no more text changes. */
type Stage = 'whole' | 'unfinished' | 'streamed';

const quotation = /^[^\S\n]*>/;
const headingLine = /^[^\S\n]*#{1,6}[^\S\n]/;

/** The text of a reply before a line. */
class Preceding {
  /** The last line with text. */
  #last = '';
  #hasHeading = false;

  get isEmpty(): boolean {
    return this.#last === '';
  }

  /** `My notes:`, after which a quotation follows. */
  get introduces(): boolean {
    return /[:：][*_\s]*$/u.test(this.#last.slice(-20)) && !quotation.test(this.#last);
  }

  add(line: string): void {
    if (line.trim() === '') return;
    this.#last = line;
    this.#hasHeading ||= headingLine.test(line);
  }

  /**
   * Whether a heading of a chat template is one, and not a heading of the message: `### Input:` and `### Response:` are also
   * written by a member that describes a task. Such a heading follows an introduction or another heading.
   */
  isBeforeTemplate(heading: string): boolean {
    if (heading === 'instruction') return true;
    if (this.isEmpty) return heading === 'response';
    return !this.#hasHeading && isFinished(this.#last);
  }
}

/** The last lines that begin with the own name: before a text, and alone on the line with marks. */
const lastOwnLabels = (lines: readonly string[], rules: ReplyRules): Record<'named' | 'marked', number> => {
  const last = { named: -1, marked: -1 };
  let inCode = false;
  for (const [place, line] of lines.entries()) {
    if (isFence(line)) inCode = !inCode;
    const label = inCode ? undefined : labels(rules).at(line);
    if (label?.who.kind !== 'member' || label.who.name !== rules.self || label.alone === 'plain') continue;
    last[label.alone ?? 'named'] = place;
  }
  return last;
};

/** Divides a reply at its labels. In a whole reply, a name on the last line is a part of the message. */
const partsOf = (text: string, rules: ReplyRules, stage: Stage): Part[] => {
  const found = labels(rules);
  const parts: Part[] = [{ whose: 'unnamed', name: undefined, text: '' }];
  const lines = text.split('\n');
  const lastText = lines.findLastIndex((line) => line.trim() !== '');
  const preceding = new Preceding();
  let inCode = false;
  /** Whether the message has introduced a quotation, so that the names in it are no labels. */
  let quotes = false;
  /** Set when a name that is alone on its line is before the reply. */
  let beganMarked = false;
  let beganWithLabel = false;
  let lastOwn: ReturnType<typeof lastOwnLabels> | undefined;

  /**
   * Whether a name with marks that is alone on its line is a label. In a message it is also the heading of a summary, so it is
   * a label only before the reply, or in a dialogue that continues under the own name. `undefined`: later text decides.
   */
  const isMarkedLabel = (place: number, isOwn: boolean): boolean | undefined => {
    if (preceding.isEmpty) return true;
    if (isOwn) return beganMarked;
    if (stage === 'streamed') return undefined;
    lastOwn ??= lastOwnLabels(lines.slice(0, lastText + 1), rules);
    return place < lastOwn.named || (beganMarked && place < lastOwn.marked && lastOwn.marked < lastText);
  };
  const isLabel = ({ alone, who }: Label, place: number, isOwn: boolean): boolean | undefined => {
    if (who.kind === 'role' && who.heading !== undefined) return preceding.isBeforeTemplate(who.heading);
    if (alone === undefined) return true;
    if (stage === 'whole' && place >= lastText) return false;
    return alone === 'plain' ? isOwn && preceding.isEmpty : isMarkedLabel(place, isOwn);
  };

  const linksAt = (place: number): WordLinks => {
    if (preceding.isEmpty || beganWithLabel) return 'none';
    return stage !== 'whole' && place === lines.length - 1 ? 'in sentences or open' : 'in sentences';
  };

  for (const [place, written] of lines.entries()) {
    let line = written;
    let part: Part | undefined;
    quotes = quotation.test(line) && (quotes || preceding.introduces);
    const labelOf = (rest: string): Label | undefined =>
      inCode || quotes || isFence(rest) ? undefined : found.at(rest, linksAt(place));
    for (let label = labelOf(line); label; label = labelOf(line)) {
      const { who } = label;
      const isOwn = who.kind === 'member' && who.name === rules.self;
      const is = isLabel(label, place, isOwn);
      if (is === undefined) return [...parts, { whose: 'other', name: undefined, text: '' }];
      if (!is) break;
      beganWithLabel ||= preceding.isEmpty;
      beganMarked ||= label.alone === 'marked' && preceding.isEmpty;
      const role = who.kind === 'role' && who.role === 'assistant' ? 'assistant' : 'other';
      if (!part || isOwn) {
        part = { whose: isOwn ? 'own' : role, name: who.kind === 'member' ? who.name : undefined, text: '' };
      }
      line = line.slice(label.length);
    }
    if (isFence(line)) inCode = !inCode;
    if (part) parts.push(part);
    parts.at(-1)!.text += `${part ? '' : '\n'}${line}`;
    preceding.add(line);
  }
  return parts;
};

interface Own {
  readonly text: string;
  /** Another member, if its name was before the reply, or if the reply ended at its name. */
  readonly named: string | undefined;
  /** Whether further text of the reply can still change the result. */
  readonly settled: boolean;
}

/**
 * Removes names. The name of any member before the reply is removed and the text is kept, because models imitate the form of the
 * messages in the prompt. The reply ends at the next line that begins with the name of another member. If the reply is a dialogue
 * that begins with another member, it is read from the name of the speaker on.
 */
const ownWords = (text: string, rules: ReplyRules, stage: Stage): Own => {
  const parts = partsOf(text, rules, stage);
  const first = parts.findIndex((part) => part.text.trim() !== '');
  if (first < 0) return { text: '', named: undefined, settled: false };
  const { whose, name } = parts[first]!;
  const foreign = whose === 'other';
  const own = foreign
    ? parts.findIndex((part, at) => at > first && part.text.trim() !== '' && part.whose !== 'other')
    : first;
  if (own < 0) return { text: parts[first]!.text, named: name, settled: false };
  const end = parts.findIndex((part, at) => at > own && part.whose !== 'own');
  const kept = parts.slice(own, end < 0 ? parts.length : end);
  const cutAt = foreign ? undefined : parts[end]?.name;
  return { text: kept.map((part) => part.text).join('\n'), named: cutAt, settled: !foreign };
};

const withoutNarration = (text: string): string =>
  withoutParts(
    text,
    [...text.matchAll(narration)].map(({ 0: found, index }) => ({ from: index, to: index + found.length })),
  );

/** Removing names may expose sentences of the prompt and the reverse, so both steps are repeated. */
const peeled = (text: string, rules: ReplyRules, stage: Stage): Own => {
  const prompt = rules.prompt ?? noPrompt;
  let own = ownWords(withoutNarration(text), rules, stage);
  for (let round = 0; round < 3; round++) {
    const rest = ownWords(prompt.without(own.text.trimStart()), rules, stage);
    const same = rest.text === own.text;
    own = { ...rest, named: own.named ?? rest.named, settled: own.settled && rest.settled };
    if (same) break;
  }
  return own;
};

const capped = (text: string, { maxLength }: ReplyRules): string => {
  if (text.length <= maxLength) return text;
  return whole(text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, ''));
};

/** The cleaned reply, or why nothing remains. `cutOff`: the model was stopped in the middle of the reply. */
export const cleaned = (raw: string, rules: ReplyRules, cutOff = false): Cleaned => {
  const said = spoken(withoutControls(raw), isSpeakerOf(rules));
  const own = peeled(said, rules, 'whole');
  const unstuck = withoutLoop(own.text.trimStart());
  const text = capped(cutOff ? whole(unstuck) : unstuck, rules).trim();
  const why = (): Unsayable => {
    if (raw.trim() === '') return 'empty';
    if (said.trim() === '') return 'reasoning';
    return ownWords(withoutNarration(said), rules, 'whole').text.trim() === '' ? 'for-others' : 'recited';
  };
  return { text, named: own.named, unsayable: text === '' ? why() : undefined };
};

/**
 * The text that an agent may send of a reply of its model: without reasoning, control characters, a name before it and sentences of
 * the prompt. It ends at a line that speaks for another member and at the beginning of a loop, and is not longer than a message may
 * be. Empty when nothing is left. Idempotent.
 */
export const sanitise = (raw: string, rules: ReplyRules): string => cleaned(raw, rules).text;

/** Whether the rest of an unfinished reply is not needed: it loops, speaks for another member, or is too long. */
export const isComplete = (raw: string, rules: ReplyRules): boolean => {
  const said = spokenSoFar(withoutControls(raw), isSpeakerOf(rules));
  const parts = partsOf(said, rules, 'unfinished').filter(({ text }) => text.trim() !== '');
  const own = parts.findIndex(({ whose }) => whose !== 'other');
  if (own >= 0 && parts.some(({ whose }, at) => at > own && whose !== 'own')) return true;
  return said.length > 2 * rules.maxLength || isStuck(said);
};

/**
 * The part of an unfinished reply that may be streamed: whole sentences, and always a prefix of the final message, whatever text
 * follows and wherever the reply is truncated.
 */
export const visibleSoFar = (raw: string, rules: ReplyRules): string => {
  const plain = withoutControls(raw.replace(/[\ud800-\udbff\r]$/, ''));
  const said = spokenSoFar(plain.slice(0, settledLength(plain)), isSpeakerOf(rules)).replace(
    openNarration,
    '',
  );
  const own = peeled(said, rules, 'streamed');
  if (!own.settled) return '';
  const text = withoutLoopSoFar(own.text.trimStart());
  return wholeSoFar(text.length <= rules.maxLength ? text : text.slice(0, rules.maxLength - 1)).trimEnd();
};
