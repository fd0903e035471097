import { type ModelCall, maxPromptBytes } from '@parley/protocol';

export interface PromptLogOptions {
  /** Turns of which the calls are kept; 0 keeps none. */
  readonly turns: number;
  /** Bytes of all kept calls together, as JSON. */
  readonly bytes: number;
  /** Takes the secrets of this agent out of a text. */
  readonly redact: (text: string) => string;
}

interface Place {
  readonly conversation: string;
  readonly turn: number;
}

interface Kept {
  readonly key: string;
  readonly call: ModelCall;
  readonly bytes: number;
}

const keyOf = ({ conversation, turn }: Place): string => `${turn} ${conversation}`;
const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * The call in at most `most` bytes. Messages behind the first one are left out, the oldest first, because the first one holds
 * the instructions; the texts of what is left are cut where that is not enough.
 */
export const shortened = (call: ModelCall, most: number): ModelCall => {
  const size = bytesOf(call);
  if (size <= most) return call;
  const [first, ...rest] = call.messages;
  let over = size - most + 100;
  let gone = 0;
  while (over > 0 && gone < rest.length - 1) over -= bytesOf(rest[gone++]) + 1;
  const left = first ? [first, ...rest.slice(gone)] : [];
  const omitted = (characters: number) => ({ messages: gone, characters });
  if (over <= 0) return { ...call, messages: left, omitted: omitted(0) };
  // A character takes six bytes of JSON at most, and the fields around the texts take a few hundred.
  const each = Math.max(0, Math.floor((most - 1_000) / 6 / Math.max(1, left.length)));
  const characters = left.reduce((sum, { content }) => sum + Math.max(0, content.length - each), 0);
  const messages = left.map((message) => ({ ...message, content: message.content.slice(0, each) }));
  return { ...call, messages, omitted: omitted(characters) };
};

/**
 * The newest calls of the model, bounded in turns and in bytes. They outlive their conversation, because an operator reads
 * them when it is over; they are gone with the process.
 */
export class PromptLog {
  readonly #options: PromptLogOptions;
  readonly #kept: Kept[] = [];
  /** How many calls of each turn are kept. */
  readonly #callsOf = new Map<string, number>();
  #bytes = 0;

  constructor(options: PromptLogOptions) {
    this.#options = options;
  }

  get isKept(): boolean {
    return this.#options.turns > 0;
  }

  keep(place: Place, call: ModelCall): void {
    const { turns, bytes: mostBytes } = this.#options;
    if (turns === 0) return;
    const short = shortened(call, Math.min(maxPromptBytes, mostBytes));
    const bytes = bytesOf(short);
    const key = keyOf(place);
    this.#kept.push({ key, call: short, bytes });
    this.#callsOf.set(key, (this.#callsOf.get(key) ?? 0) + 1);
    this.#bytes += bytes;
    while (this.#bytes > mostBytes || this.#callsOf.size > turns) this.#drop();
  }

  /** The calls of a turn, oldest first, as one frame holds them: where it does not hold all, the newest. */
  of(place: Place): readonly ModelCall[] {
    const key = keyOf(place);
    const calls = this.#kept.filter((one) => one.key === key).map(({ call }) => this.#redacted(call));
    let left = maxPromptBytes;
    const fitting: ModelCall[] = [];
    for (const call of calls.reverse()) {
      const short = fitting.length === 0 ? shortened(call, left) : call;
      const bytes = bytesOf(short) + 1;
      if (bytes > left) break;
      left -= bytes;
      fitting.push(short);
    }
    return fitting.reverse();
  }

  #drop(): void {
    const oldest = this.#kept.shift();
    if (!oldest) return;
    this.#bytes -= oldest.bytes;
    const others = (this.#callsOf.get(oldest.key) ?? 1) - 1;
    if (others > 0) this.#callsOf.set(oldest.key, others);
    else this.#callsOf.delete(oldest.key);
  }

  #redacted(call: ModelCall): ModelCall {
    const messages = call.messages.map(({ role, content }) => ({
      role,
      content: this.#options.redact(content),
    }));
    return { ...call, messages };
  }
}
