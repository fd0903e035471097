import type { Entry, EntryOf } from '@parley/protocol';
import type { RouterEvent } from '../api/router-api.ts';

export type Chunk = Extract<RouterEvent, { kind: 'chunk' }>;

/** Writes one conversation as it happens. */
export interface Transcript {
  chunk(chunk: Chunk): void;
  entry(entry: Entry): void;
  /** Something that nobody said. */
  note(text: string): void;
}

const withDetail = (word: string, detail: string | undefined): string =>
  detail ? `${word}: ${detail}` : word;

/** What happened in an entry that is not a line of the conversation; undefined when it needs no telling. */
export const told = (entry: Exclude<Entry, EntryOf<'said'>>): string | undefined => {
  switch (entry.type) {
    case 'passed':
      return `${entry.from} passes (${withDetail(entry.reason, entry.detail)})`;
    case 'lapsed':
      return `${entry.from} gave no answer (${withDetail(entry.cause, entry.detail)})`;
    case 'bid':
      return undefined;
    case 'noted':
      return `${entry.by} tells ${entry.to.join(', ')} (${entry.kind}): ${entry.text}`;
    case 'seated':
      return `${entry.by} takes the seat of ${entry.who}`;
    case 'unseated':
      return `${entry.by} gives the seat of ${entry.who} back`;
    case 'recast':
      return `${entry.role.name} is somebody else from now on`;
    case 'joined':
      return `${entry.who} joins`;
    case 'left':
      return `${entry.who} leaves`;
    case 'paused':
      return `paused by ${entry.by}`;
    case 'resumed':
      return `resumed by ${entry.by}`;
    default:
      return undefined;
  }
};

/** Names in the order in which they appear, so that each keeps its colour. */
export class Cast {
  readonly #names: string[] = [];

  meet(...names: readonly string[]): void {
    for (const name of names) if (!this.#names.includes(name)) this.#names.push(name);
  }

  placeOf(name: string): number {
    this.meet(name);
    return this.#names.indexOf(name);
  }

  get nameWidth(): number {
    return Math.min(16, Math.max(0, ...this.#names.map((name) => name.length)));
  }
}
