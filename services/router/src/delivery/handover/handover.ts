import { randomUUID } from 'node:crypto';
import type { Cluster } from '../../cluster/cluster.ts';
import type { Presence } from '../../presence/presence.ts';
import type { Mailboxes } from '../mailbox/mailboxes.ts';
import type { DeliveryWatermarks } from '../plain/delivery-watermarks.ts';
import type { QueuedMessage } from '../plain/plain-message.ts';
import { type HandedOver, type HandoverMessage, type HandoverRequest, readHandover } from './handed-over.ts';
import type { SharedMarks } from './shared-marks.ts';

export interface HandoverOptions {
  readonly cluster: Pick<Cluster, 'self' | 'routers' | 'messages'>;
  readonly presence: Presence;
  readonly mailboxes: Mailboxes;
  readonly watermarks: DeliveryWatermarks;
  readonly marks: Pick<SharedMarks, 'latest'>;
  /** Calls `act` after `ms`, unless the function that it returns is called before. */
  readonly later: (act: () => void, ms: number) => () => void;
}

const topic = 'handover';
/** How long the client waits for the router that had it. After that time, that router is considered suspended or dead. */
const patienceMs = 1_000;
/** The same for a router that had not reported a connection of the client. */
const shortPatienceMs = 250;
/** The maximum number of messages in an answer. The asking router finds further ones in its own mailbox. */
const maxPending = 2_000;

type OnGiven = (given: HandedOver, from: string) => void;

/**
 * Moves a plain client from one router to another. The new router asks all others. The one that had the client closes the old
 * connection and answers with what is still to be delivered. So confirmed messages are not sent again, and all others are sent
 * once. If the old router has died, the watermark in NATS decides.
 */
export class Handover {
  readonly #options: HandoverOptions;
  readonly #waiting = new Map<string, OnGiven>();

  constructor(options: HandoverOptions) {
    this.#options = options;
    options.cluster.messages.on(topic, (payload, from) => this.#received(payload, from));
  }

  /**
   * To be called before the client joins at this router. Never rejects. Resolves with a function that fills the mailbox of the
   * client; it must be called immediately before the client joins.
   */
  async take(name: string): Promise<() => void> {
    const { presence, marks } = this.#options;
    if (presence.plainClient(name)) return () => {};
    const [given, upTo = 0] = await Promise.all([this.#ask(name), this.#inTime(marks.latest(name))]);
    return () => this.#fill(name, given, upTo);
  }

  /** The answers of the other routers that came in time. */
  #ask(name: string): Promise<readonly HandedOver[]> {
    const { cluster, presence, later } = this.#options;
    const open = new Set([...cluster.routers()].map(({ id }) => id));
    open.delete(cluster.self);
    if (open.size === 0) return Promise.resolve([]);
    const holders = presence.union?.elsewhere.holders(name) ?? [];
    return new Promise((resolve) => {
      const ref = randomUUID();
      const given: HandedOver[] = [];
      let isShortOver = false;
      const check = () => {
        const isAwaited = isShortOver ? holders.some(({ router }) => open.has(router)) : open.size > 0;
        if (!isAwaited) end();
      };
      const cancelShort = later(() => {
        isShortOver = true;
        check();
      }, shortPatienceMs);
      const end = () => {
        this.#waiting.delete(ref);
        cancelShort();
        cancelLong();
        resolve(given);
      };
      const cancelLong = later(end, patienceMs);
      this.#waiting.set(ref, (answer, from) => {
        if (!open.delete(from)) return;
        given.push(answer);
        check();
      });
      this.#send('all', { type: 'ask', ref, name });
    });
  }

  /** Undefined when the work fails or takes too long. */
  #inTime<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#options.later(() => resolve(undefined), patienceMs);
      const settle = (result: T | undefined) => {
        cancel();
        resolve(result);
      };
      work.then(settle, () => settle(undefined));
    });
  }

  #fill(name: string, given: readonly HandedOver[], upTo: number): void {
    const { presence, mailboxes, watermarks } = this.#options;
    if (presence.plainClient(name)) return;
    watermarks.learned([[name, given.reduce((at, one) => Math.max(at, one.upTo), upTo)]]);
    const box = mailboxes.getOrCreate(name);
    box.passed(watermarks.upTo(name));
    // Two routers have the client only if it connected to both at nearly the same time. The one that has processed more has the
    // newer connection.
    const [newest] = given.filter(({ hadClient }) => hadClient).sort((a, b) => b.processed - a.processed);
    const digests = given.flatMap((one) => (one.hadClient ? [] : one.pending));
    box.inherit([...this.#known(newest?.pending ?? []), ...this.#known(digests)], newest?.processed ?? 0);
  }

  /** Leaves out messages that this router has not read yet: they are delivered when it has. */
  #known(messages: readonly QueuedMessage[]): readonly QueuedMessage[] {
    return messages.filter(({ position }) => position <= this.#options.watermarks.processed);
  }

  #received(payload: unknown, from: string): void {
    const message = readHandover(payload);
    if (message?.type === 'ask') this.#give(message, from);
    else if (message) this.#waiting.get(message.ref)?.(message, from);
  }

  #give({ ref, name }: HandoverRequest, to: string): void {
    const { presence, mailboxes, watermarks } = this.#options;
    const hadClient = presence.takenElsewhere(name);
    const box = mailboxes.get(name);
    const pending = (hadClient ? box?.messages : box?.takeDigests())?.slice(0, maxPending) ?? [];
    const last = pending.at(-1);
    // The other router has the messages that were left out in its own mailbox.
    const isCut = pending.length === maxPending && last !== undefined;
    const processed = isCut ? Math.min(last.position, watermarks.processed) : watermarks.processed;
    this.#send(to, { type: 'given', ref, hadClient, processed, upTo: watermarks.upTo(name), pending });
  }

  #send(to: string, message: HandoverMessage): void {
    this.#options.cluster.messages.send(topic, to, message);
  }
}
