import { Transcript } from './transcript.ts';

/**
 * The conversations this agent remembers, the least recently used first to go. What is gone is asked of the
 * router again when it is needed.
 */
export class TranscriptCache {
  readonly #kept = new Map<string, Transcript>();
  readonly #most: number;
  readonly #keepLength: number;

  constructor({ most, keepLength }: { most: number; keepLength: number }) {
    this.#most = most;
    this.#keepLength = keepLength;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** The transcript of `id`, empty if it is new. */
  use(id: string): Transcript {
    const transcript = this.#kept.get(id) ?? new Transcript(this.#keepLength);
    this.#kept.delete(id);
    this.#kept.set(id, transcript);
    if (this.#kept.size > this.#most) this.#kept.delete(this.#kept.keys().next().value as string);
    return transcript;
  }

  /** The transcript of `id` if it is remembered. */
  peek(id: string): Transcript | undefined {
    return this.#kept.get(id);
  }

  forget(id: string): void {
    this.#kept.delete(id);
  }
}
