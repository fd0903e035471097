import { Transcript } from './transcript.ts';

/** The transcripts of one agent. One that was evicted is read from the router again when it is needed. */
export interface Transcripts {
  /** The transcript of the conversation `id`, empty if it is new. */
  use(id: string): Transcript;
  /** The transcript of `id` if it is cached. */
  peek(id: string): Transcript | undefined;
  forget(id: string): void;
}

/** An LRU cache of the transcripts of all agents of a process. What one agent does not use is free for the others. */
export class TranscriptCache {
  readonly #kept = new Map<string, Transcript>();
  readonly #mostLength: number;
  #most = 0;

  /** `mostLength`: characters of all transcripts together. The one in use is kept even if it is longer. */
  constructor(mostLength: number) {
    this.#mostLength = mostLength;
  }

  get size(): number {
    return this.#kept.size;
  }

  /**
   * The part of one agent. `most`: transcripts by which it enlarges the cache; `keepLength`: characters that remain when one of its own
   * is shortened.
   */
  of(agent: string, { most, keepLength }: { most: number; keepLength: number }): Transcripts {
    this.#most += most;
    // A name has no blank.
    const key = (id: string) => `${agent} ${id}`;
    return {
      use: (id) => this.#use(key(id), keepLength),
      peek: (id) => this.#kept.get(key(id)),
      forget: (id) => void this.#kept.delete(key(id)),
    };
  }

  #use(key: string, keepLength: number): Transcript {
    const transcript = this.#kept.get(key) ?? new Transcript(keepLength);
    this.#kept.delete(key);
    this.#kept.set(key, transcript);
    this.#evict(key);
    return transcript;
  }

  /** Transcripts grow after they were returned, so their lengths are added up each time. */
  #evict(inUse: string): void {
    let length = 0;
    for (const transcript of this.#kept.values()) length += transcript.length;
    for (const [key, transcript] of this.#kept) {
      if (this.#kept.size <= this.#most && length <= this.#mostLength) return;
      if (key === inUse) return;
      this.#kept.delete(key);
      length -= transcript.length;
    }
  }
}
