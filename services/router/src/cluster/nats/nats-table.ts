import type { JetStreamClient, JetStreamManager, JsMsg, StoredMsg } from '@nats-io/jetstream';
import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { afterElection } from '../../ledger/jetstream/electing.ts';
import type { NatsLink } from '../../ledger/jetstream/nats-link.ts';
import { StreamFollower } from '../../ledger/jetstream/stream/stream-follower.ts';
import type { SharedTable, TableChange, TableEntry } from '../cluster.ts';
import { type BucketOptions, openBucket, streamOfBucket } from './bucket.ts';

export interface TableOptions extends BucketOptions {
  readonly link: NatsLink;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  /** The name of this router's consumer. */
  readonly consumer: string;
  readonly onFailure: (error: unknown) => void;
}

/** The server refused a change for a reason other than the comparison. */
class TableRefused extends Error {
  override readonly name = 'TableRefused';
}

interface Ack {
  readonly seq?: number;
  readonly error?: { readonly err_code: number; readonly description: string };
}

interface Write {
  /** The revision that the key must have; 0: it must not exist; undefined: not compared. */
  readonly expected?: number | undefined;
  readonly ttlMs?: number | undefined;
  readonly isDeletion?: boolean;
}

const wrongSequence = new Set([10_071, 10_164]);
/** A deletion is stored as a message, which expires after this time: by then all routers have read it. */
const tombstoneMs = 60_000;
const retryMs = 1_000;
/** Prefix of the keys with which a router marks the end of what it has to read. */
const markerPrefix = '_.';

const operationHeader = 'KV-Operation';
const isDeletion = (head: MsgHdrs | undefined): boolean => {
  const operation = head?.get(operationHeader) ?? '';
  return operation === 'DEL' || operation === 'PURGE' || (head?.get('Nats-Marker-Reason') ?? '') !== '';
};

const seconds = (ms: number): string => `${Math.max(1, Math.ceil(ms / 1_000))}s`;

const valueIn = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Written by another program: a router cannot use the value.
    return undefined;
  }
};

/**
 * A key-value bucket of NATS as a table. The bucket has the layout of `@nats-io/kv`, so the tools of NATS show it. The package
 * itself is not used: its `update` cannot set an expiry, and its watch does not notice when the server has lost the consumer.
 */
export class NatsTable implements SharedTable {
  readonly #options: TableOptions;
  readonly #stream: string;
  readonly #listeners: ((change: TableChange) => void)[] = [];
  /** Revisions of the keys that exist, where the table is watched. */
  #known = new Map<string, number>();
  #opened: Promise<void> | undefined;
  #watching: Promise<void> | undefined;
  #follower: StreamFollower | undefined;
  #generation = 0;
  #newest: Promise<void> | undefined;
  #replace = (): void => {};
  #isStopped = false;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#stream = streamOfBucket(options.bucket);
    options.link.onChange(() => {
      if (options.link.isConnected && this.#watching) this.#refresh();
    });
  }

  /** Creates the bucket if it does not exist. */
  open(): Promise<void> {
    const { manager } = this.#options;
    this.#opened ??= openBucket(manager, this.#options).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async incarnation(): Promise<string> {
    await this.open();
    return String((await this.#options.manager.streams.info(this.#stream)).created);
  }

  async get(key: string): Promise<TableEntry | undefined> {
    await this.open();
    const message = await this.#last(key);
    if (!message || isDeletion(message.header)) return undefined;
    return { value: valueIn(message.string()), revision: message.seq };
  }

  async create(key: string, value: unknown, ttlMs?: number): Promise<number | undefined> {
    const created = await this.#write(key, value, { expected: 0, ttlMs });
    if (created !== undefined) return created;
    // A deletion is a message, too.
    const message = await this.#last(key);
    if (message && !isDeletion(message.header)) return undefined;
    return this.#write(key, value, { expected: message?.seq ?? 0, ttlMs });
  }

  update(key: string, value: unknown, revision: number, ttlMs?: number): Promise<number | undefined> {
    return this.#write(key, value, { expected: revision, ttlMs });
  }

  async put(key: string, value: unknown): Promise<number> {
    return (await this.#write(key, value, {})) as number;
  }

  async delete(key: string, revision?: number): Promise<boolean> {
    const deleted = await this.#write(key, '', {
      expected: revision,
      isDeletion: true,
      ttlMs: tombstoneMs,
    });
    return deleted !== undefined;
  }

  /** Like `delete`, without waiting for the answer: if the request is lost, the entry expires. */
  deleteSoon(key: string, revision: number): void {
    const head = this.#headers({ expected: revision, isDeletion: true, ttlMs: tombstoneMs });
    this.#options.link.send(this.#subjectOf(key), '', head);
  }

  watch(listener: (change: TableChange) => void): Promise<void> {
    this.#listeners.push(listener);
    if (!this.#watching) {
      this.#watching = afterElection(
        () => this.#follow(),
        () => !this.#isStopped,
      );
      return this.#watching;
    }
    return this.#watching.then(async () => {
      for (const key of this.#known.keys()) listener({ key, entry: await this.get(key) });
    });
  }

  /** Reads the whole bucket again. Resolves when the listeners have been called for all differences. */
  async refresh(): Promise<void> {
    if (this.#watching) await this.#follow();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#generation++;
    await this.#follower?.stop();
  }

  #subjectOf(key: string): string {
    return `$KV.${this.#options.bucket}.${key}`;
  }

  /** The newest message of the key, read from the leader. */
  async #last(key: string): Promise<StoredMsg | null> {
    const { link, manager } = this.#options;
    if (!link.isConnected) throw new Error('the connection to NATS is lost');
    return manager.streams.getMessage(this.#stream, { last_by_subj: this.#subjectOf(key) });
  }

  #headers({ expected, ttlMs, isDeletion: deletes }: Write): MsgHdrs {
    const head = headers();
    head.set('Nats-Expected-Stream', this.#stream);
    if (expected !== undefined) head.set('Nats-Expected-Last-Subject-Sequence', String(expected));
    if (ttlMs !== undefined) head.set('Nats-TTL', seconds(ttlMs));
    if (deletes) head.set(operationHeader, 'DEL');
    return head;
  }

  /** The revision; undefined when the comparison failed. */
  async #write(key: string, value: unknown, write: Write): Promise<number | undefined> {
    await this.open();
    const body = write.isDeletion ? '' : JSON.stringify(value);
    let answer: Msg;
    try {
      answer = await this.#options.link.request(this.#subjectOf(key), body, this.#headers(write));
    } catch (error) {
      // A bucket in memory is lost when its server restarts. The next write creates it again.
      this.#opened = undefined;
      throw error;
    }
    const { seq, error } = answer.json<Ack>();
    if (error && wrongSequence.has(error.err_code)) return undefined;
    if (error || seq === undefined)
      throw new TableRefused(`${this.#options.bucket}: NATS refused ${key}: ${error?.description}`);
    return seq;
  }

  /** Reads the whole bucket again: after a lost connection, messages may be missing, and the bucket may be a new one. */
  #refresh(): void {
    const { onFailure } = this.#options;
    const again = async (generation: number): Promise<void> => {
      if (generation !== this.#generation || this.#isStopped) return;
      try {
        await this.#follow();
      } catch (error) {
        if (this.#options.link.isConnected) onFailure(error);
        setTimeout(() => void again(this.#generation).catch(onFailure), retryMs).unref();
      }
    };
    again(this.#generation).catch(onFailure);
  }

  /**
   * Follows the bucket from its beginning. Resolves when the listeners have been called for all existing entries, by this reading
   * or by the one that replaced it: a new one starts each time the link comes back.
   */
  #follow(): Promise<void> {
    const { promise: replaced, resolve } = Promise.withResolvers<'replaced'>();
    const reading = this.#read(++this.#generation);
    this.#replace();
    this.#replace = () => resolve('replaced');
    this.#newest = Promise.race([reading, replaced]).then((how) =>
      how === 'replaced' ? this.#newest : undefined,
    );
    return this.#newest;
  }

  async #read(generation: number): Promise<void> {
    const { link, client, manager, consumer, onFailure } = this.#options;
    await this.#follower?.stop();
    this.#opened = undefined;
    await this.open();
    if (generation !== this.#generation || this.#isStopped) return;
    const before = this.#known;
    this.#known = new Map();
    const follower = new StreamFollower({
      ...{ link, client, manager, onFailure },
      stream: this.#stream,
      consumer: `${consumer}-${this.#options.bucket}`,
      after: 0,
      onBegunAgain: () => this.#refresh(),
      take: (messages) => {
        if (generation === this.#generation) for (const message of messages) this.#take(message);
      },
    });
    this.#follower = follower;
    follower.start();
    // The last messages may have expired, so their sequence is no usable end. A message that this router writes now comes after
    // all existing ones.
    const end = await this.#write(`${markerPrefix}${consumer}`, '', { ttlMs: tombstoneMs });
    await follower.taken(end as number);
    if (generation !== this.#generation) return;
    for (const key of before.keys()) if (!this.#known.has(key)) this.#notify({ key, entry: undefined });
  }

  #take(message: JsMsg): void {
    const key = message.subject.slice(`$KV.${this.#options.bucket}.`.length);
    if (key.startsWith(markerPrefix)) return;
    if (isDeletion(message.headers)) {
      this.#known.delete(key);
      return this.#notify({ key, entry: undefined });
    }
    this.#known.set(key, message.seq);
    return this.#notify({ key, entry: { value: valueIn(message.string()), revision: message.seq } });
  }

  /** A listener that fails does not stop the other listeners or the following changes. */
  #notify(change: TableChange): void {
    for (const listener of this.#listeners)
      try {
        listener(change);
      } catch (error) {
        this.#options.onFailure(error);
      }
  }
}
