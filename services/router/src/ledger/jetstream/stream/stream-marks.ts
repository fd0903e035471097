import { setTimeout } from 'node:timers/promises';
import { type KV, Kvm } from '@nats-io/kv';
import {
  type MarkDocument,
  markDocumentOf,
  markDocuments,
  marksIn,
  oldestOfDocument,
} from '../../mark-documents.ts';
import type { NatsLink } from '../nats-link.ts';

export interface MarksOptions {
  readonly link: NatsLink;
  readonly stream: string;
  readonly incarnation: string;
  readonly replicas: number;
  readonly onFailure: (error: unknown) => void;
}

const againMs = 1_000;
const markerMs = 60_000;

/** A document as it was when it was last read or written. */
interface Known {
  readonly marks: Map<string, number>;
  /** 0 while it does not exist. */
  revision: number;
}

const isConflict = (error: unknown): boolean => /wrong last sequence/i.test((error as Error).message);

const forgetOldest = (marks: Map<string, number>): void => {
  for (const name of oldestOfDocument(marks)) marks.delete(name);
};

/**
 * The delivery watermarks of plain clients, in a key-value bucket beside the stream: for other routers, and for a router with
 * an empty local copy. Only the newest state is written, asynchronously; after a router was killed, it is about a second old.
 * Documents are written by compare-and-set: values of other routers are merged, and a watermark never goes back.
 */
export class StreamMarks {
  readonly #options: MarksOptions;
  readonly #bucket: KV;
  readonly #documents = new Map<string, Known>();
  readonly #dirty = new Set<string>();
  #running: Promise<void> | undefined;
  #isStopped = false;

  private constructor(options: MarksOptions, bucket: KV) {
    this.#options = options;
    this.#bucket = bucket;
    for (let number = 0; number < markDocuments; number++)
      this.#documents.set(String(number), { marks: new Map(), revision: 0 });
  }

  static async open(options: MarksOptions): Promise<StreamMarks> {
    const { link, stream, replicas } = options;
    const bucket = await new Kvm(link.connection).create(`${stream}_marks`, {
      replicas,
      history: 1,
      allow_direct: false,
      // Routers that follow the bucket write a marker into it that expires.
      markerTTL: markerMs,
    });
    const marks = new StreamMarks(options, bucket);
    await Promise.all([...marks.#documents.keys()].map((key) => marks.#read(key)));
    marks.#start();
    return marks;
  }

  all(): Map<string, number> {
    return new Map([...this.#documents.values()].flatMap(({ marks }) => [...marks]));
  }

  put(moved: ReadonlyMap<string, number>): void {
    for (const [name, at] of moved) {
      const key = markDocumentOf(name);
      const { marks } = this.#document(key);
      if (at <= (marks.get(name) ?? 0)) continue;
      marks.set(name, at);
      forgetOldest(marks);
      this.#dirty.add(key);
    }
    this.#start();
  }

  /** Resolves when everything that was put is written, or cannot be written now. */
  async written(): Promise<void> {
    await this.#running;
  }

  /** Writes what is left, if NATS is reachable. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  #start(): void {
    if (this.#dirty.size === 0 || this.#isStopped) return;
    this.#running ??= this.#write().finally(() => {
      this.#running = undefined;
    });
  }

  #document(key: string): Known {
    return this.#documents.get(key) as Known;
  }

  /** Merges newer values of the document. A document of another incarnation is overwritten. */
  async #read(key: string): Promise<void> {
    const document = this.#document(key);
    const entry = await this.#bucket.get(key);
    document.revision = entry?.revision ?? 0;
    if (entry?.operation !== 'PUT') return;
    const value = entry.json<MarkDocument>();
    if (value.incarnation !== this.#options.incarnation) return void this.#dirty.add(key);
    for (const [name, at] of marksIn(value))
      if (at > (document.marks.get(name) ?? 0)) document.marks.set(name, at);
    forgetOldest(document.marks);
  }

  async #write(): Promise<void> {
    const { link, onFailure } = this.#options;
    for (const key of this.#dirty) {
      this.#dirty.delete(key);
      try {
        if (!link.isConnected) throw new Error('the connection to NATS is lost');
        await this.#writeDocument(key);
      } catch (error) {
        this.#dirty.add(key);
        if (link.isConnected) onFailure(error);
        if (this.#isStopped) return;
        await setTimeout(againMs, undefined, { ref: false });
      }
    }
  }

  async #writeDocument(key: string): Promise<void> {
    const document = this.#document(key);
    const marks = Object.fromEntries(document.marks);
    const body = JSON.stringify({ incarnation: this.#options.incarnation, marks } satisfies MarkDocument);
    try {
      document.revision =
        document.revision === 0
          ? await this.#bucket.create(key, body)
          : await this.#bucket.update(key, body, document.revision);
    } catch (error) {
      if (!isConflict(error)) throw error;
      await this.#read(key);
      this.#dirty.add(key);
    }
  }
}
