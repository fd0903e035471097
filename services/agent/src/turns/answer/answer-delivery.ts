import type { ClientFrame, RefusalCode, Usage } from '@parley/protocol';
import type { Dice } from '../../link/backoff.ts';
import { isFailedTurn, type Kept, Outbox, type Place } from '../../link/outbox.ts';
import { Spending } from '../spending.ts';
import { fullTries, isLost, withoutAddressee } from './refused-answer.ts';

export interface AnswerDeliveryOptions {
  readonly dice: Dice;
  /** False when there is no connection; what was to be sent is then gone. */
  readonly send: (frame: ClientFrame) => boolean;
}

/** Delivers finished answers to the router, each with its usage, until it is confirmed, corrected or given up. */
export class AnswerDelivery {
  readonly #options: AnswerDeliveryOptions;
  readonly #outbox = new Outbox();
  readonly #spending = new Spending();

  constructor(options: AnswerDeliveryOptions) {
    this.#options = options;
  }

  /** Tokens that a call for the conversation took. They go with the next answer. */
  spent(conversation: string, usage: Usage): void {
    this.#spending.add(conversation, usage);
  }

  deliver(frame: Kept): void {
    this.#keep({ ...frame, ...this.#spending.report(frame) });
  }

  /** A new connection registers. Failures are dropped: the router grants their turns again. Returns the turns of the others. */
  registering(): readonly Place[] {
    this.#outbox.forgetFailures();
    return this.#outbox.all();
  }

  welcomed(): void {
    this.#spending.reconnected((place) => this.#outbox.get(place) !== undefined);
    for (const kept of this.#outbox.all()) this.#options.send(kept);
  }

  /** The turn was granted again. Returns true when its answer was finished already, and has been sent again. */
  granted(place: Place): boolean {
    const kept = this.#outbox.get(place);
    if (!kept) return false;
    if (!isFailedTurn(kept)) {
      this.#options.send(kept);
      return true;
    }
    // A failed turn is tried again. The confirmation of the failure may arrive after the grant.
    if (this.#outbox.isRefused(place)) this.#spending.notCounted(place);
    this.#outbox.settle(place);
    return false;
  }

  accepted(place: Place): void {
    this.#outbox.settle(place);
    this.#spending.counted(place);
  }

  /** `retry`: the same answer may be taken later. */
  refused(place: Place, code: RefusalCode, retry: boolean): void {
    const kept = this.#outbox.get(place);
    if (!kept) return this.#spending.notCounted(place);
    const isFull = code === 'mailbox-full';
    const { dice } = this.#options;
    const waitMs = retry ? this.#outbox.refused(place, dice, isFull ? fullTries : Infinity) : undefined;
    if (waitMs !== undefined) {
      setTimeout(() => this.#sendAgain(kept), waitMs).unref();
      return;
    }
    this.#outbox.settle(place);
    const corrected = code === 'bad-target' && kept.type === 'say' ? withoutAddressee(kept) : undefined;
    if (corrected) return this.#keep(corrected);
    this.#spending.notCounted(place);
    if (isLost(code) || isFailedTurn(kept)) return;
    const { conversation, turn } = place;
    const reason = isFull ? 'declined' : 'interrupted';
    this.deliver({ type: 'pass', conversation, turn, reason, detail: `refused: ${code}` });
  }

  /** Nothing of a conversation that has ended is kept. */
  forget(conversation: string): void {
    this.#outbox.forget(conversation);
    this.#spending.forget(conversation);
  }

  /** Unless it was confirmed or dropped meanwhile. */
  #sendAgain(kept: Kept): void {
    if (this.#outbox.get(kept) !== kept) return;
    this.#outbox.sentAgain(kept);
    this.#options.send(kept);
  }

  #keep(frame: Kept): void {
    this.#outbox.put(frame);
    this.#options.send(frame);
  }
}
