import { normalName } from '@parley/protocol';

/** Roles of chat templates, which models write when they go on with the conversation by themselves. */
const roles = ['user', 'human', 'assistant'];

/** A name that stands in front of words, as in a script: `Ann:`, `**Ann:**`, `[Ann]`, `[Ann]:`, with either colon. */
const label =
  /^[^\S\n]*(?:>[^\S\n]*)*(?:#{1,6}[^\S\n]+)?[*_`]{0,3}(?:\[([^[\]\n:：]{1,80})(?:\][*_`]{0,3}[:：]?|[:：]\]?)|([^\s:：[\]()][^\n:：[\]()]{0,79}?)[^\S\n]{0,2}[*_`]{0,3}[:：](?!\/\/))[*_`]{0,3}[^\S\n]*/u;

/** Whose words follow a label: a member's, or a role's that is no member. */
export interface Label {
  readonly who:
    | { readonly kind: 'member'; readonly name: string }
    | { readonly kind: 'role'; readonly role: string };
  readonly length: number;
}

/** Finds labels of a cast. Names are compared without case, unless two of them differ in nothing else. */
export class SpeakerLabels {
  readonly #exact: ReadonlySet<string>;
  readonly #folded = new Map<string, string | undefined>();
  readonly #roles: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.#exact = new Set(names);
    for (const name of this.#exact) {
      const folded = name.toLowerCase();
      this.#folded.set(folded, this.#folded.has(folded) ? undefined : name);
    }
    this.#roles = new Set(roles.filter((role) => !this.#folded.has(role)));
  }

  /** The label at the beginning of a line, if there is one. */
  at(line: string): Label | undefined {
    // A name, its marks, and what quotes it; a longer line is looked at no further.
    const match = label.exec(line.slice(0, 200));
    if (!match) return undefined;
    const written = normalName((match[1] ?? match[2]!).replaceAll('\\_', '_').trim());
    const name = this.#named(written) ?? this.#named(written.replace(/[*_`]+$/, ''));
    const { length } = match[0];
    if (name !== undefined) return { who: { kind: 'member', name }, length };
    const role = written.toLowerCase();
    return this.#roles.has(role) ? { who: { kind: 'role', role }, length } : undefined;
  }

  #named(written: string): string | undefined {
    if (this.#exact.has(written)) return written;
    return this.#folded.get(written.toLowerCase());
  }
}
