import { setTimeout as pause } from 'node:timers/promises';
import type { ConsumerMessages, JetStreamClient, JetStreamManager, JsMsg } from '@nats-io/jetstream';
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { NatsLink } from '../nats-link.ts';

export interface FollowerOptions {
  readonly link: NatsLink;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** The name of the consumer on the server. */
  readonly consumer: string;
  /** Sequence of the last message that is already known. */
  readonly after: number;
  /**
   * Called with messages in stream order, without a gap. When it throws, it is called again with the same messages after a
   * moment.
   */
  readonly take: (messages: readonly JsMsg[]) => void;
  readonly onFailure: (error: unknown) => void;
  /** Called when the stream is another one than before, or has been emptied by its server: it has to be followed from its beginning. */
  readonly onBegunAgain?: () => void;
}

const idleHeartbeatMs = 2_000;
const mostMissed = 2;
const expiresMs = 10_000;
const mostPending = 2_000;
/** The server deletes a consumer that was not used for this time. */
const forgottenMs = 30_000;
const firstPauseMs = 100;
const longestPauseMs = 10_000;
const takeAgainMs = 500;
/** The router is not ready when no consumer has worked for this time. To replace a consumer takes less. */
const deafMs = 3_000;

/**
 * Reads a stream continuously, from a given message on. A consumer that is silent, that the server has lost, or whose
 * connection broke is replaced by a new one, which continues after the last message that was taken.
 */
export class StreamFollower {
  readonly #options: FollowerOptions;
  #last: number;
  #buffer: JsMsg[] = [];
  #isScheduled = false;
  /** When the last consumer stopped working; undefined while one works. */
  #silentSince: number | undefined = performance.now();
  #isTaken = true;
  #isStopped = false;
  #messages: ConsumerMessages | undefined;
  readonly #waiters: { readonly sequence: number; readonly resolve: () => void }[] = [];
  /** When the stream was created; undefined before the first consumer. */
  #created: string | undefined;
  /** Failures since the last message: a working consumer resets the wait. */
  #failures = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#last = options.after;
    options.link.onChange(() => this.#messages?.stop());
  }

  /** Sequence of the last message that was taken. */
  get last(): number {
    return this.#last;
  }

  /** Why the stream is not followed; undefined when it is. */
  get trouble(): string | undefined {
    if (!this.#isTaken) return 'the local copy of the ledger cannot be written';
    const silentMs = performance.now() - (this.#silentSince ?? Number.POSITIVE_INFINITY);
    return silentMs > deafMs ? 'the stream cannot be read' : undefined;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  start(): void {
    this.#run().catch(this.#options.onFailure);
  }

  /** Resolves when the message with that sequence, or a later one, has been taken. */
  taken(sequence: number): Promise<void> {
    if (this.#last >= sequence) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ sequence, resolve }));
  }

  /** Like `taken`, but resolves after `withinMs` at the latest: the message may have been removed from the stream. */
  takenWithin(sequence: number, withinMs: number): Promise<void> {
    if (this.#last >= sequence) return Promise.resolve();
    return new Promise((done) => {
      const resolve = () => {
        clearTimeout(timer);
        done();
      };
      const waiter = { sequence, resolve };
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        done();
      }, withinMs);
      this.#waiters.push(waiter);
    });
  }

  /** Resolves when the server has deleted the consumer, if it is reachable. */
  async stop(): Promise<void> {
    const { link, manager, stream, consumer } = this.#options;
    this.#isStopped = true;
    this.#messages?.stop();
    this.#buffer = [];
    if (link.isConnected) await manager.consumers.delete(stream, consumer).catch(() => {});
  }

  async #run(): Promise<void> {
    const { link, onFailure } = this.#options;
    while (!this.#isStopped) {
      await link.connected();
      if (this.#isStopped || link.isClosed) return;
      try {
        await this.#consume();
      } catch (error) {
        if (link.isConnected && !this.#isStopped) onFailure(error);
      }
      this.#silentSince ??= performance.now();
      this.#buffer = [];
      if (this.#isStopped || !link.isConnected) continue;
      const longest = Math.min(firstPauseMs * 2 ** this.#failures++, longestPauseMs);
      await pause(longest / 2 + Math.random() * (longest / 2), undefined, { ref: false });
    }
  }

  async #consume(): Promise<void> {
    const { client, manager, stream, consumer: name, onBegunAgain } = this.#options;
    if (onBegunAgain && (await this.#hasBegunAgain())) return onBegunAgain();
    // All consumers of this router have one name, so the server has at most one of them, however often connections break.
    await manager.consumers.delete(stream, name).catch(() => {});
    await manager.consumers.add(stream, {
      name,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#last + 1,
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(forgottenMs),
    });
    const consumer = await client.consumers.get(stream, name);
    let delivered = 0;
    const messages = await consumer.consume({
      max_messages: mostPending,
      expires: expiresMs,
      idle_heartbeat: idleHeartbeatMs,
      abort_on_missing_resource: true,
      callback: (message) => {
        if (this.#messages !== messages) return;
        // A message is missing, so the ones after it must not be taken.
        if (message.info.deliverySequence === ++delivered) this.#add(message);
        else messages.stop();
      },
    });
    this.#messages = messages;
    this.#silentSince = undefined;
    try {
      for await (const status of messages.status())
        if (status.type === 'heartbeats_missed' && status.count >= mostMissed) break;
    } finally {
      this.#messages = undefined;
      messages.stop();
    }
  }

  async #hasBegunAgain(): Promise<boolean> {
    const { created, state } = await this.#options.manager.streams.info(this.#options.stream);
    const before = this.#created ?? created;
    this.#created = created;
    return created !== before || state.last_seq < this.#last;
  }

  #add(message: JsMsg): void {
    this.#buffer.push(message);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#take();
    });
  }

  #take(): void {
    const { take, onFailure } = this.#options;
    const fresh = this.#buffer.filter(({ seq }) => seq > this.#last);
    const last = fresh.at(-1);
    if (!last || this.#isStopped) return;
    try {
      take(fresh);
    } catch (error) {
      this.#isTaken = false;
      onFailure(error);
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      setTimeout(() => {
        this.#isScheduled = false;
        this.#take();
      }, takeAgainMs).unref();
      return;
    }
    this.#isTaken = true;
    this.#failures = 0;
    this.#buffer = [];
    this.#last = last.seq;
    const due = this.#waiters.filter(({ sequence }) => sequence <= this.#last);
    if (due.length === 0) return;
    const rest = this.#waiters.filter(({ sequence }) => sequence > this.#last);
    this.#waiters.splice(0, this.#waiters.length, ...rest);
    for (const { resolve } of due) resolve();
  }
}
