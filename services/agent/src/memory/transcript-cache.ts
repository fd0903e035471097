import { Transcript } from './transcript.ts';

export interface CacheBounds {
  /** Maximum number of transcripts. */
  readonly most: number;
  /** Characters that remain when a transcript is shortened. */
  readonly keepLength: number;
  /** Maximum number of characters of all transcripts together. The one in use is kept even if it is longer. */
  readonly mostLength: number;
}

/** An LRU cache of transcripts. An evicted transcript is read from the router again when it is needed. */
export class TranscriptCache {
  readonly #kept = new Map<string, Transcript>();
  readonly #bounds: CacheBounds;

  constructor(bounds: CacheBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** The transcript of `id`, empty if it is new. */
  use(id: string): Transcript {
    const transcript = this.#kept.get(id) ?? new Transcript(this.#bounds.keepLength);
    this.#kept.delete(id);
    this.#kept.set(id, transcript);
    this.#evict(id);
    return transcript;
  }

  /** The transcript of `id` if it is cached. */
  peek(id: string): Transcript | undefined {
    return this.#kept.get(id);
  }

  forget(id: string): void {
    this.#kept.delete(id);
  }

  /** Transcripts grow after they were returned, so their lengths are added up each time. */
  #evict(inUse: string): void {
    let length = 0;
    for (const transcript of this.#kept.values()) length += transcript.length;
    for (const [id, transcript] of this.#kept) {
      if (this.#kept.size <= this.#bounds.most && length <= this.#bounds.mostLength) return;
      if (id === inUse) return;
      this.#kept.delete(id);
      length -= transcript.length;
    }
  }
}
