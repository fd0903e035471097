import { normalName } from '@parley/protocol';

/** Roles of chat templates. Models write them when they continue the conversation themselves. */
const roles = ['user', 'human', 'assistant'];
/** Roles of templates that write them as headings, with the usual role of the same meaning: `### Response:`. */
const headings = new Map([
  ['instruction', 'user'],
  ['input', 'user'],
  ['response', 'assistant'],
]);

/** What may be before a label: marks of quotes and headings, the dash of a dialogue, the time of a log. */
const lead =
  /^[^\S\n]*(?:>[^\S\n]*)*(#{1,6}[^\S\n]+)?(?:[—–―][^\S\n]*)?(?:[[(]\d{1,2}:\d{2}(?::\d{2})?[\])][^\S\n]*)?/u;
const colon = '[:：∶꞉︰﹕]';
const marks = '[*_`]{0,3}';
const remark = String.raw`(?:[^\S\n]*[(（[［][^()（）[\]［］\n.!?。！？…]{0,60}[)）\]］]|[^\S\n]+\*[^*\n.!?。！？…]{1,40}\*)`;
/** The address of a link, which may be unfinished. In `[Ann](smiling)` a remark follows the name. */
const address = String.raw`\((?:(?![\p{STerm}…])[^)\s])*(?:[/.#:]|$)`;
/** `[Ann]`, `<Ann>`, `【Ann】`, with or without a colon: also `[Ann: ` and `[Ann]*:*`. `[Ann](#ann)` is a link. */
const bracketed = new RegExp(
  String.raw`^${marks}[[【〔<]([^[\]【】〔〕<>\n:：]{1,80})(?:[\]】〕>]${marks}(?:${remark}?${marks}${colon}(?!\/\/)|(?![*_\x60]{0,3}${address}))|${colon}\]?)${marks}[^\S\n]*`,
  'u',
);
const wordInLink = String.raw`^${marks}\[[^[\]\n]{1,80}\]\([^()\s\p{STerm}…]{1,80}\)`;
/**
 * A link with one word as its address, in a sentence: `[Ann](wiki) wrote that`. In `[Ann](laughing) That is wrong.` a remark
 * follows the name.
 */
const linkOfWord = new RegExp(String.raw`${wordInLink}${marks}(?:[,.;!?)'’]|[^\S\n]{1,9}\p{Ll})`, 'u');
/** The same at the end of an unfinished reply, before it is known what follows. */
const openLinkOfWord = new RegExp(String.raw`${wordInLink}${marks}[^\S\n]*$`, 'u');

/** Which forms `[Ann](word)` are links: none before a reply, and at the end of an unfinished reply also one without a sentence. */
export type WordLinks = 'none' | 'in sentences' | 'in sentences or open';
/** A text before a colon, which may be a name with marks and remarks. */
const beforeColon = new RegExp(
  String.raw`^([^\n:：∶꞉︰﹕]{1,150}?)${colon}(?!\/\/)[*_\x60"”’]{0,3}[^\S\n]*`,
  'u',
);
const tag = /^[*_`]{0,3}</;
const remarkAtEnd = new RegExp(String.raw`(?<=\S)${remark}${marks}$`, 'u');
/** Marks around a name: emphasis, quotes, brackets, pictures. */
const around = String.raw`[\s*_\x60"'“”„«»‘’「」『』()\p{Extended_Pictographic}\ufe0f\u200d]`;
const aroundName = new RegExp(`^${around}{0,8}|${around}{0,8}$`, 'gu');
/** The mark of a list. `*Ann*:` is emphasis. */
const item = /^[*+•][^\S\n]/;
/** Emphasis around a role. Quotes, brackets and remarks make a word of it: `"user": 4`, `User (read only): yes`. */
const aroundRole = /^[*_`]{1,3}|[*_`]{1,3}$/g;
const emphasised = /^(?:[*_]{1,3}|`)[^*_`\n][^\n]*[*_`]$/u;
/** `Ann to Ben`, `Ann -> Ben`. */
const addressed = /^(.{1,80}?)[^\S\n]*(?:→|⇒|[-=]>|\s(?:to|an|à|a|для)\s|[对對])[^\S\n]*(.{1,80})$/u;
const allMembers = /^(?:all|every(?:one|body)|the group)$/i;

/** The speaker that a label names: a member, or a role that is no member. `heading`: its word in a heading of a template. */
export interface Label {
  readonly who:
    | { readonly kind: 'member'; readonly name: string }
    | { readonly kind: 'role'; readonly role: string; readonly heading?: string };
  readonly length: number;
  /** Set when the name is alone on its line: with marks of emphasis or of a heading, or without. */
  readonly alone?: 'marked' | 'plain';
}

/** The characters in which one name is often written in different ways: `cay_expert` is also “Cay Expert”. */
const joined = (name: string): string =>
  name.toLowerCase().replace(/(?<=[\p{L}\p{M}\p{Nd}])[\s._-]+(?=[\p{L}\p{Nd}])/gu, '');

/** Finds labels with names of the cast. Case is ignored, unless two names differ only in case. */
export class SpeakerLabels {
  readonly #exact: ReadonlySet<string>;
  readonly #folded = new Map<string, string | undefined>();
  readonly #joined = new Map<string, string | undefined>();
  readonly #roles: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.#exact = new Set(names);
    for (const name of this.#exact) {
      const folded = name.toLowerCase();
      this.#folded.set(folded, this.#folded.has(folded) ? undefined : name);
      this.#joined.set(joined(name), this.#joined.has(joined(name)) ? undefined : name);
    }
    this.#roles = new Set(roles.filter((role) => !this.#folded.has(role)));
  }

  /** The label at the beginning of a line, if there is one. */
  at(line: string, links: WordLinks = 'none'): Label | undefined {
    // The maximum length of a name with its marks and remarks. No more of a line is examined.
    const part = line.slice(0, 240);
    const { 0: before, 1: heading } = lead.exec(part)!;
    const rest = part.slice(before.length);
    if (item.test(rest) || (links !== 'none' && linkOfWord.test(rest))) return undefined;
    if (links === 'in sentences or open' && openLinkOfWord.test(rest)) return undefined;
    for (const form of [bracketed, beforeColon]) {
      const match = form.exec(rest);
      const who = match ? this.#who(match[1]!, heading !== undefined) : undefined;
      // `<user>` is a tag or a placeholder.
      if (!match || !who || (who.kind === 'role' && tag.test(match[0]))) continue;
      return { who, length: before.length + match[0].length };
    }
    if (line.length > 120 || rest === '') return undefined;
    const name = this.#named(rest.replace(aroundName, ''));
    if (name === undefined) return undefined;
    const alone = heading !== undefined || emphasised.test(rest.trim()) ? 'marked' : 'plain';
    return { who: { kind: 'member', name }, length: line.length, alone };
  }

  #who(written: string, isHeading: boolean): Label['who'] | undefined {
    const bare = written.trim().replace(remarkAtEnd, '').replace(aroundName, '');
    const name = this.#named(bare) ?? this.#addressing(bare);
    if (name !== undefined) return { kind: 'member', name };
    const role = written.trim().replace(aroundRole, '').trim().toLowerCase();
    if (this.#roles.has(role)) return { kind: 'role', role };
    const meant = isHeading ? headings.get(role) : undefined;
    return meant === undefined ? undefined : { kind: 'role', role: meant, heading: role };
  }

  /** The speaker of `Ann to Ben`. */
  #addressing(written: string): string | undefined {
    const [, from, to] = addressed.exec(written) ?? [];
    if (from === undefined || to === undefined) return undefined;
    const isHeard = allMembers.test(to) || this.#named(to.replace(aroundName, '')) !== undefined;
    return isHeard ? this.#named(from.replace(aroundName, '')) : undefined;
  }

  #named(written: string): string | undefined {
    const name = normalName(written.replaceAll('\\_', '_'));
    if (this.#exact.has(name)) return name;
    const folded = name.toLowerCase();
    return this.#folded.has(folded) ? this.#folded.get(folded) : this.#joined.get(joined(name));
  }
}
