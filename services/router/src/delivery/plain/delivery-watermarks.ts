import type { Ledger } from '../../ledger/ledger.ts';
import { oldestMarks } from '../../ledger/mark-documents.ts';

/**
 * The key of the common watermark: up to this position no message is pending for any client. A restart looks for pending
 * messages after it. All other keys are names.
 */
const everyClient = '';
/** The lag, in positions, at which the common watermark and those of agents are written even if no other watermark is. */
const writeEvery = 1_000;

export interface DeliveryWatermarksOptions {
  readonly ledger: Ledger;
  readonly onFailure: (error: unknown) => void;
}

/** Up to which position of the ledger each client has been delivered to. Watermarks survive a restart. */
export class DeliveryWatermarks {
  readonly #ledger: Ledger;
  readonly #onFailure: (error: unknown) => void;
  readonly #written: Map<string, number>;
  readonly #dirty = new Map<string, number>();
  /** Agents get messages with their turns; their watermarks matter only to a router that starts. */
  #agents = new Map<string, number>();
  #agentMessages = 0;
  /** Position of the newest entry that delivery has processed. */
  #processed: number;
  /** The highest watermark that another router has written. */
  #learnedUpTo = 0;

  constructor({ ledger, onFailure }: DeliveryWatermarksOptions) {
    this.#ledger = ledger;
    this.#onFailure = onFailure;
    this.#written = ledger.marks();
    this.#processed = ledger.position();
  }

  /** The watermark of the name, as far as it is written. */
  writtenFor(name: string): number {
    return this.#written.get(name) ?? 0;
  }

  /** Whether the name was delivered to before, by this router or by an earlier one with the same ledger. */
  has(name: string): boolean {
    return name !== everyClient && (this.#written.has(name) || this.#dirty.has(name));
  }

  /** Up to here nothing was pending when the watermarks were last written. */
  get writtenForAll(): number {
    return this.writtenFor(everyClient);
  }

  get processed(): number {
    return this.#processed;
  }

  processedUpTo(position: number): void {
    this.#processed = position;
  }

  /** Up to this position the name has received its messages, from this router or, as far as known, from another one. */
  upTo(name: string): number {
    return Math.max(this.#dirty.get(name) ?? 0, this.writtenFor(name));
  }

  /** Whether another router has delivered the message at that position already. */
  isDelivered(name: string, position: number): boolean {
    return position <= this.#learnedUpTo && position <= this.upTo(name);
  }

  /** Another router has delivered. Returns the names whose watermarks have moved. */
  learned(moved: Iterable<readonly [string, number]>): readonly string[] {
    const names: string[] = [];
    for (const [name, position] of moved) {
      if (position <= this.upTo(name)) continue;
      this.#written.set(name, position);
      if (name === everyClient) continue;
      this.#learnedUpTo = Math.max(this.#learnedUpTo, position);
      names.push(name);
    }
    this.#forgetOldest();
    return names;
  }

  /** A watermark never goes back, even if a message was sent again. */
  deliveredTo(name: string, position: number): void {
    this.#dirty.set(name, Math.max(position, this.#dirty.get(name) ?? this.writtenFor(name)));
  }

  /** A message to an agent, which gets it with its turn. */
  deliveredToAgent(agent: string, position: number): void {
    this.#agents.set(agent, position);
    this.#agentMessages++;
  }

  /** `pendingFrom`: position of the oldest pending message. Watermarks that the ledger cannot write now are written later. */
  save(pendingFrom: number | undefined): void {
    const upTo = Math.min(this.#processed, (pendingFrom ?? Number.POSITIVE_INFINITY) - 1);
    const forAll = Math.max(upTo, this.writtenForAll);
    const isLittle = this.#agentMessages < writeEvery && forAll < this.writtenForAll + writeEvery;
    if (this.#dirty.size === 0 && isLittle) return;
    for (const [agent, position] of this.#agents)
      if (position > Math.max(forAll, this.#dirty.get(agent) ?? 0)) this.#dirty.set(agent, position);
    this.#agents = new Map();
    this.#agentMessages = 0;
    this.#dirty.set(everyClient, forAll);
    try {
      this.#ledger.mark(this.#dirty);
      for (const [name, position] of this.#dirty) this.#written.set(name, position);
      this.#dirty.clear();
      this.#forgetOldest();
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** The ledger forgets the same names. */
  #forgetOldest(): void {
    for (const name of oldestMarks(this.#written)) this.#written.delete(name);
  }
}
