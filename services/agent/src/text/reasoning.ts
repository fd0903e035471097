import { openCode } from './fences.ts';
import { endsUnopenedChannel, mayHaveChannels, withoutChannels } from './harmony.ts';
import { mayBeginWithRole, upToTemplateToken, withoutLeading } from './template-tokens.ts';

interface Form {
  readonly open: string;
  readonly close: string;
  /** Set when the closing mark has other uses, so that it says nothing without an opening one. */
  readonly paired?: true;
  /** Set when the opening mark has other uses, so that it counts only at the start of the reply or behind the speaker's name. */
  readonly leading?: true;
}
const tagName =
  '(?:[a-z]{1,12}:|longcat_|ant)?(?:think(?:ing)?|thoughts?)(?:[ _]process)?|reasoning(?:_content)?|reason_content|scratch_?pad|(?:inner|internal)_(?:monologue|thoughts?)';
/** Words that a reply may also use as the name of an element or of a variable. */
const ordinaryName = 'reason|reflection|analysis';
/**
 * A tag may have attributes, or words: `<thinking out loud>`. One whose name follows a blank has neither:
 * `count < reason && limit >10` is a comparison.
 */
const tagForm = (name: string) => ({
  open: `<(?:(?:${name})(?:\\s{0,3}|\\s[^<>\\n\`=]{1,60}(?:=[^<>\\n\`]{0,60})?)|\\s(?:${name})\\s?)>`,
  close: `</\\s?(?:${name})\\s?>`,
});

/** The marks of reasoning in the text of a reply. The first form is the usual one. */
const forms: readonly Form[] = [
  tagForm(tagName),
  { ...tagForm(ordinaryName), paired: true, leading: true },
  // Mistral.
  { open: String.raw`\[THINK\]`, close: String.raw`\[\/THINK\]` },
  // Kimi.
  { open: '◁think▷', close: '◁/think▷' },
  // Cohere.
  { open: String.raw`<\|START_THINKING\|>`, close: String.raw`<\|END_THINKING\|>` },
  // OpenThinker, Sky-T1.
  { open: String.raw`<\|begin_of_thought\|>`, close: String.raw`<\|end_of_thought\|>` },
  // The same names between bars.
  {
    open: String.raw`<\|(?:thinking|think|thought)\|>`,
    close: String.raw`<\|(?:\/|end_)(?:thinking|think|thought)\|>`,
  },
  // Open WebUI.
  { open: '<details [^<>\\n]{0,40}type="reasoning"[^<>\\n]{0,40}>', close: '</details>', paired: true },
  // Gemma.
  { open: String.raw`<\|channel>thought`, close: String.raw`<channel\|>` },
  { open: '<unused94>(?:thought)?', close: '<unused95>' },
];

const opens = forms.map(({ open }) => `(${open})`).join('|');
const closes = forms.map(({ close }) => `(${close})`).join('|');
/** A code span, in which a tag is only a word; an opening tag; a closing tag. */
const anyPiece = new RegExp(`(\`\`\`[\\s\\S]*?\`\`\`|\`[^\`\\n]+\`)|${opens}|${closes}`, 'gi');
const firstOpen = 2;
const firstClose = firstOpen + forms.length;

const replyTag = '(?:answer|response|output|reply|solution|final|final_answer|final_response)';
const replyMarks =
  /<\|(?:START_RESPONSE|END_RESPONSE|START_TEXT|END_TEXT|begin_of_solution|end_of_solution)\|>/gi;
const leadingReplyTag = new RegExp(String.raw`^\s*<${replyTag}>`, 'i');
const replyStart = new RegExp(String.raw`^(\s*[^\n<]{0,120})<(${replyTag})>`, 'i');
const replyEnd = new RegExp(String.raw`<\/(${replyTag})>\s*$`, 'i');

/** Whether a text is the name of a speaker, as it may be before a reply. */
type IsSpeaker = (text: string) => boolean;

/** A reply without the marks around it. A pair of tags inside it is a part of it. */
const withoutReplyMarks = (text: string, isSpeaker: IsSpeaker = isStart): string => {
  const reply = text.replace(replyMarks, '');
  const [found, before = '', tag] = replyStart.exec(reply) ?? [];
  if (found === undefined || (before.trim() !== '' && !isSpeaker(before.trim()))) {
    const end = replyEnd.exec(reply.slice(-100));
    const isPair = end && reply.toLowerCase().includes(`<${end[1]!.toLowerCase()}>`);
    return end && !isPair ? reply.slice(0, -end[0].length) : reply;
  }
  const rest = reply.slice(found.length);
  const lower = rest.toLowerCase();
  const close = `</${tag!.toLowerCase()}>`;
  const end = lower.indexOf(close);
  const isPair = lower.slice(0, Math.max(0, end)).includes(`<${tag!.toLowerCase()}>`);
  return before + (end < 0 || isPair ? rest : rest.slice(0, end) + rest.slice(end + close.length));
};

/** Granite. */
const spokenThought = /^\s*here(?:'s| is) my thought process:/i;
const spokenReply = /\bhere(?:'s| is) my response:/i;

interface Piece {
  readonly kind: 'open' | 'close';
  readonly form: number;
  readonly start: number;
  readonly end: number;
  /** Set for a tag with words. */
  readonly worded?: true;
}

const tagWithWords = /^<(?!\S+\sprocess\s*>)(\S+\s+[^\s=][^=]*)>$/i;
/** A tag with words opens reasoning only at the start of the reply, and not when a closing tag has the same words. */
const opensWithWords = (text: string, words: string, { start, end }: Piece): boolean =>
  start < 2 * context &&
  isStart(text.slice(0, start)) &&
  !text.toLowerCase().includes(`</${words.toLowerCase()}>`, end);

const piecesOf = (text: string): Piece[] => {
  const pieces: Piece[] = [];
  for (const match of text.matchAll(anyPiece)) {
    if (match[1] !== undefined) continue;
    const group = match.findIndex((part, at) => at >= firstOpen && part !== undefined);
    const kind = group < firstClose ? 'open' : 'close';
    const form = kind === 'open' ? group - firstOpen : group - firstClose;
    const piece: Piece = { kind, form, start: match.index, end: match.index + match[0].length };
    const words = kind === 'open' ? tagWithWords.exec(match[0])?.[1] : undefined;
    if (words === undefined) pieces.push(piece);
    else if (opensWithWords(text, words, piece)) pieces.push({ ...piece, worded: true });
  }
  return pieces;
};

/** `<think step by step> The others want` is reasoning without an end. */
const beginsWithTitle = /^<[^<>]*\s(?:experiments?|tanks?|out\s+loud|aloud)\s?>[^\S\n]+\S/i;
/** How many characters before a tag are examined. */
const context = 120;
const label = /^[^\p{L}\p{N}]*(?:[\p{L}\p{N}._-]{1,64}[\s*_\])]*[:：]?[\s*_\])]*)?$/u;
/** A tag counts as at the start of a reply also after the name of the speaker or a remark in brackets. */
const isStart = (preceding: string): boolean => {
  const before = preceding.replace(leadingReplyTag, '');
  return (
    before.length < context && (before.trim() === '' || (/[:：\])*]\s*$/.test(before) && label.test(before)))
  );
};
/** A remark before a reply: `*nods*`, `(smiles)`. */
const remark = /^(?:\*[^*\n]{1,40}\*|\([^()\n]{1,60}\))$/;
/** Scripts without blanks between words, in which a tag in a sentence touches the words around it. */
const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/u;
const isBetweenWords = (before: string, after: string): boolean =>
  wide.test(before.slice(-1)) && wide.test(after.slice(0, 1));
const endsASentence = /(?:^|[.!?…。！？:)\]"”’*_~]|\n[^\S\n]*)\s*$/u;

/**
 * Whether an opening tag without a closing one begins reasoning: it does at the start of the reply or of a paragraph, and when the
 * next word follows without a blank. A text about the tag never has that form.
 */
const beginsReasoning = (before: string, after: string): boolean => {
  if (isStart(before)) return true;
  if (/^[\p{L}\p{N}]/u.test(after)) return !isBetweenWords(before, after);
  const newLine = /\n[^\S\n]*$/.test(before);
  return newLine && (/\n[^\S\n]*\n[^\S\n]*$/.test(before) || endsASentence.test(before.trimEnd()));
};

const isQuoted = (text: string, { start, end }: Piece): boolean =>
  /["“„«'‘(「『《【（*_]$/.test(text.slice(0, start).slice(-1)) &&
  /^["”“»'’)」』》】）*_]/.test(text.slice(end, end + 1));

/** “between <think> and </think>”: a text about the two tags. */
const between = /^\s+(?:and|or|to|with|then|und|oder|et|ou|y|o|e|и|和|与|と|…|\.{3})\s+$/iu;
const longestWordOfTag = 3;
/** “the tag”, “ends.” and marks of an object: words after a tag that is the subject of a text without blanks. */
const wordOfTag = /^(?:标签|標籤|标记|標記|[结結]束[\p{P}]|タグ|を|태그|[를을])/u;
/** “it closes with </think>, and”: a closing tag in the middle of a sentence. */
const isMentionedClose = (text: string, piece: Piece, isOpened: boolean): boolean =>
  isQuoted(text, piece) ||
  ((isOpened || wordOfTag.test(text.slice(piece.end, piece.end + longestWordOfTag))) &&
    isBetweenWords(text.slice(0, piece.start).slice(-1), text.slice(piece.end, piece.end + 1))) ||
  (/[\p{L}\p{N},]\s$/u.test(text.slice(Math.max(0, piece.start - 2), piece.start)) &&
    /^(?:\s\p{Ll}|[,.;:!?)])/u.test(text.slice(piece.end, piece.end + 2)));

interface BlockEnd {
  /** The index in `pieces`; -1 when the block has no end. */
  readonly at: number;
  /** Whether the block opens as many blocks as it closes. A later closing tag can move the end of another block. */
  readonly balanced: boolean;
}

/** The end of the block that begins at `from`. */
const closing = (pieces: readonly Piece[], from: number): BlockEnd => {
  const { form } = pieces[from]!;
  let depth = 0;
  let last = -1;
  for (let at = from; at < pieces.length; at++) {
    const piece = pieces[at]!;
    if (piece.form !== form) continue;
    depth += piece.kind === 'open' ? 1 : -1;
    if (depth === 0) return { at, balanced: true };
    if (piece.kind === 'close') last = at;
  }
  // A model that reasons about the tag may open more blocks than it closes.
  return { at: last, balanced: false };
};

interface Split {
  readonly text: string;
  /** The index after which it is not certain yet what is reasoning; the length of `text` when all is certain. */
  readonly certain: number;
  /** Whether there is a closing tag without an opening one. */
  readonly orphan: boolean;
}

/** Without `isSpeaker`, any label counts as the name of a speaker. */
const split = (raw: string, isSpeaker: IsSpeaker = isStart): Split => {
  const pieces = piecesOf(raw);
  const lastClose = forms.map((_, form) =>
    pieces.findLastIndex((piece) => piece.kind === 'close' && piece.form === form),
  );
  let text = '';
  let certain: number | undefined;
  let orphan = false;
  let from = 0;
  /** The forms of which an opening tag is written in the text so far. */
  const opened = new Set<number>();
  /** The end of the text that is kept before `place`. */
  const before = (place: number): string =>
    text.slice(-context) + raw.slice(Math.max(from, place - context), place);
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at]!;
    if (piece.kind === 'close') {
      if (forms[piece.form]!.paired || isMentionedClose(raw, piece, opened.has(piece.form))) continue;
      // The chat template began the block, so all text before the tag is reasoning.
      text = '';
      from = piece.end;
      // The next characters may show that the tag is only mentioned.
      if (certain !== undefined || raw.length < piece.end + longestWordOfTag) certain = 0;
      orphan = true;
      continue;
    }
    opened.add(piece.form);
    if (isQuoted(raw, piece)) continue;
    if (forms[piece.form]!.leading) {
      const preceding = before(piece.start).replace(leadingReplyTag, '').trim();
      if (preceding !== '' && !remark.test(preceding) && !isSpeaker(preceding)) continue;
    }
    const { at: end, balanced } =
      lastClose[piece.form]! < at ? { at: -1, balanced: false } : closing(pieces, at);
    if (end < 0) {
      certain ??= text.length + piece.start - from;
      // Unless a closing tag follows, `<Reflection of light>` and `<thought experiment> Imagine a trolley.` are said.
      const found = raw.slice(piece.start, piece.end + context);
      if (piece.worded && (forms[piece.form]!.leading || beginsWithTitle.test(found))) continue;
      if (!beginsReasoning(before(piece.start), raw.slice(piece.end, piece.end + 2))) continue;
      return { text: text + raw.slice(from, piece.start), certain, orphan };
    }
    const closed = pieces[end]!;
    if (between.test(raw.slice(piece.end, closed.start)) && !isStart(before(piece.start))) {
      at = end;
      continue;
    }
    // The blank prevents that the text before and after a removed block forms a tag.
    if (!balanced || piece.worded) certain ??= text.length + piece.start - from;
    text += `${raw.slice(from, piece.start)} `;
    from = closed.end;
    at = end;
  }
  text += raw.slice(from);
  return { text, certain: certain ?? text.length, orphan };
};

const withoutThoughtProcess = (text: string): string => {
  if (!spokenThought.test(text)) return text;
  const reply = spokenReply.exec(text);
  return reply ? text.slice(reply.index + reply[0].length) : '';
};

/** A reply without its reasoning, up to the first token of the chat template. */
export const spoken = (raw: string, isSpeaker?: IsSpeaker): string => {
  const { text } = split(withoutLeading(withoutChannels(raw)), isSpeaker);
  return upToTemplateToken(withoutReplyMarks(withoutThoughtProcess(text), isSpeaker));
};

const thoughtLead = 'here is my thought process:';
const shortLead = "here's my thought process:";
const mayBeThoughtProcess = (raw: string): boolean => {
  const start = raw.trimStart().slice(0, thoughtLead.length).toLowerCase();
  return [thoughtLead, shortLead].some((lead) => start.startsWith(lead) || lead.startsWith(start));
};
/** The beginning of a tag or of a token. */
const unfinished = new RegExp(
  String.raw`(?:<[^<>\n\x60]{0,96}|\[[^\]\n\x60]{0,20}|◁[^▷\n\x60]{0,12}|<(?:\/?(?:s|${replyTag})|\|[^>\n\x60]{0,40})>\s*)$`,
);

const tail = 100;
const withoutUnfinished = (text: string): string => {
  const from = Math.max(0, text.length - tail);
  const cut = text.slice(from).search(unfinished);
  return cut < 0 ? text : text.slice(0, from + cut);
};

/**
 * The part of an unfinished reply that will surely stay in it: a prefix of the result of `spoken` for the whole reply, unless a
 * closing tag without an opening one follows.
 */
export const spokenSoFar = (raw: string, isSpeaker?: IsSpeaker): string => {
  if (mayHaveChannels(raw)) return '';
  const settled = withoutUnfinished(raw.slice(0, openCode(raw)));
  if (mayBeginWithRole(settled)) return '';
  const { text, certain } = split(withoutLeading(settled), isSpeaker);
  if (mayBeginWithRole(text) || mayBeThoughtProcess(withoutLeading(text))) return '';
  return withoutUnfinished(upToTemplateToken(withoutReplyMarks(text.slice(0, certain), isSpeaker)));
};

/** True when `raw` closes a block or a channel of reasoning that it did not open, because the chat template opened it. */
export const closesUnopened = (raw: string): boolean => split(raw).orphan || endsUnopenedChannel(raw);
