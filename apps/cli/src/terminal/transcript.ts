import type { Entry, EntryOf } from '@parley/protocol';
import type { RouterEvent } from '../api/router-api.ts';

export type Chunk = Extract<RouterEvent, { kind: 'chunk' }>;

/** Writes one conversation live. */
export interface Transcript {
  chunk(chunk: Chunk): void;
  entry(entry: Entry): void;
  /** An event that is no message. */
  note(text: string): void;
}

const withDetail = (word: string, detail: string | undefined): string =>
  detail ? `${word}: ${detail}` : word;

/** The text for an entry that is no message; undefined when it is not shown. */
export const noteOf = (entry: Exclude<Entry, EntryOf<'said'>>): string | undefined => {
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
      return `${entry.role.name} has another persona from now on`;
    case 'joined':
      return `${entry.who} joins`;
    case 'left':
      return `${entry.who} leaves`;
    case 'paused':
      return `paused by ${entry.by}${entry.detail === undefined ? '' : `: ${entry.detail}`}`;
    case 'resumed':
      return `resumed by ${entry.by}`;
    default:
      return undefined;
  }
};

/** The names in the order of their appearance, so that each keeps its colour. */
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
