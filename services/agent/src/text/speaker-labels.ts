import { normalName } from '@parley/protocol';

/** Roles of chat templates. Models write them when they continue the conversation themselves. */
const roles = ['user', 'human', 'assistant'];

/** A name before a message, as in a written dialogue: `Ann:`, `**Ann:**`, `[Ann]`, `[Ann]:`, also with a wide colon. */
const label =
  /^[^\S\n]*(?:>[^\S\n]*)*(?:#{1,6}[^\S\n]+)?[*_`]{0,3}(?:\[([^[\]\n:：]{1,80})(?:\][*_`]{0,3}[:：]?|[:：]\]?)|([^\s:：[\]()][^\n:：[\]()]{0,79}?)[^\S\n]{0,2}[*_`]{0,3}[:：](?!\/\/))[*_`]{0,3}[^\S\n]*/u;

/** The speaker that a label names: a member, or a role that is no member. */
export interface Label {
  readonly who:
    | { readonly kind: 'member'; readonly name: string }
    | { readonly kind: 'role'; readonly role: string };
  readonly length: number;
}

/** Finds labels with names of the cast. Case is ignored, unless two names differ only in case. */
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
    // The maximum length of a name with its marks and quotes. No more of a line is examined.
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
