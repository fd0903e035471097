import type { Closing } from '@parley/protocol';

/** Why a connection or a request was refused, or a peer held back. A closed set: it is a label of a metric. */
export const rejectionReasons = [
  'connections',
  'malformed',
  'token-in-url',
  'host',
  'origin',
  'subprotocol',
  'draining',
  'unauthenticated',
  'unavailable',
  'role',
  'name-refused',
  'busy',
  'register-timeout',
  'slow-consumer',
  'rate',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

export interface Rejection {
  readonly reason: RejectionReason;
  readonly address: string | undefined;
  /** What was asked for or with: a header, a path. Cut, because a peer chose it. */
  readonly about?: string | undefined;
}

/** As the log has it. `untold`: others with the same reason since the one that was told before. */
export type ToldRejection = Rejection & { readonly untold?: number };

/** A flood has as many refusals as requests: each is counted, and the log gets so many of each reason. */
const toldPerPeriod = 5;
const periodMs = 10_000;
const maxAboutLength = 200;

interface Tally {
  periodBegan: number;
  told: number;
  untold: number;
}

/** Counts what was refused before it came to a frame, and tells the log of it at a bounded rate. */
export class Rejections {
  readonly counts = new Map<RejectionReason, number>(rejectionReasons.map((reason) => [reason, 0]));
  readonly #tell: (rejection: ToldRejection) => void;
  readonly #now: () => number;
  readonly #tallies = new Map<RejectionReason, Tally>();

  constructor(tell: (rejection: ToldRejection) => void, now: () => number) {
    this.#tell = tell;
    this.#now = now;
  }

  note({ reason, address, about }: Rejection): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    const now = this.#now();
    const tally = this.#tallies.get(reason) ?? { periodBegan: now, told: 0, untold: 0 };
    this.#tallies.set(reason, tally);
    if (now - tally.periodBegan >= periodMs) {
      tally.periodBegan = now;
      tally.told = 0;
    }
    if (tally.told >= toldPerPeriod) {
      tally.untold++;
      return;
    }
    tally.told++;
    const cut = about?.slice(0, maxAboutLength);
    this.#tell({
      reason,
      address,
      ...(cut && { about: cut }),
      ...(tally.untold > 0 && { untold: tally.untold }),
    });
    tally.untold = 0;
  }

  /** A WebSocket that the router has closed, where it did so to refuse something. */
  closed(why: Closing | 'binary' | undefined, address: string | undefined): void {
    const reason = rejectionReasons.find((one) => one === why);
    if (reason !== undefined) this.note({ reason, address });
    else if (why === 'binary') this.note({ reason: 'malformed', address });
  }
}
