import { setTimeout } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsLink } from '../nats-link.ts';

export interface MarksOptions {
  readonly link: NatsLink;
  readonly stream: string;
  readonly incarnation: string;
  readonly replicas: number;
  readonly onFailure: (error: unknown) => void;
}

/** The clients are divided into so many documents, so that one that moves costs little and all of them are read quickly. */
const documents = 32;
const againMs = 1_000;

/** Positions mean something in one incarnation of the stream only. */
interface Document {
  readonly incarnation: string;
  readonly marks: Readonly<Record<string, number>>;
}

const numberOf = (name: string): number => crc32(name) % documents;

/**
 * How far each plain client has been delivered to, in a key-value bucket beside the stream: for a router whose local copy is empty.
 * Written behind, the newest state only; a router that is killed leaves it about a second old.
 */
export class StreamMarks {
  readonly #options: MarksOptions;
  readonly #bucket: KV;
  readonly #marks: Map<string, number>[] = Array.from({ length: documents }, () => new Map());
  readonly #dirty = new Set<number>();
  #running: Promise<void> | undefined;
  #isStopped = false;

  private constructor(options: MarksOptions, bucket: KV) {
    this.#options = options;
    this.#bucket = bucket;
  }

  static async open(options: MarksOptions): Promise<StreamMarks> {
    const { link, stream, replicas } = options;
    const bucket = await new Kvm(link.connection).create(`${stream}_marks`, {
      replicas,
      history: 1,
      allow_direct: false,
    });
    const marks = new StreamMarks(options, bucket);
    await Promise.all(marks.#marks.map((_, index) => marks.#read(index)));
    return marks;
  }

  all(): Map<string, number> {
    return new Map(this.#marks.flatMap((part) => [...part]));
  }

  put(marks: ReadonlyMap<string, number>): void {
    for (const [name, at] of marks) {
      const index = numberOf(name);
      this.#marks[index]?.set(name, at);
      this.#dirty.add(index);
    }
    if (this.#dirty.size === 0 || this.#isStopped) return;
    this.#running ??= this.#write().finally(() => {
      this.#running = undefined;
    });
  }

  /** Writes what is left, when the engine is there. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #read(index: number): Promise<void> {
    const entry = await this.#bucket.get(String(index));
    if (entry?.operation !== 'PUT') return;
    const { incarnation, marks } = entry.json<Document>();
    if (incarnation !== this.#options.incarnation) return;
    for (const [name, at] of Object.entries(marks)) this.#marks[index]?.set(name, at);
  }

  async #write(): Promise<void> {
    const { link, incarnation, onFailure } = this.#options;
    for (const index of this.#dirty) {
      this.#dirty.delete(index);
      try {
        if (!link.isConnected) throw new Error('the connection to NATS is lost');
        const marks = Object.fromEntries(this.#marks[index] ?? []);
        await this.#bucket.put(String(index), JSON.stringify({ incarnation, marks } satisfies Document));
      } catch (error) {
        this.#dirty.add(index);
        if (link.isConnected) onFailure(error);
        if (this.#isStopped) return;
        await setTimeout(againMs, undefined, { ref: false });
      }
    }
  }
}
