import type { Closing } from '@parley/protocol';

/** Why a connection or a request was refused, or a peer held back. A closed set: it is a label of a metric. */
export const rejectionReasons = [
  'connections',
  'malformed',
  'tls',
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
  'pipelined',
  'bad-request',
  'addressee',
  'not-found',
  'method',
  'conflict',
  'too-large',
  'media-type',
  'idempotency-key',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** The reasons of refusals that are HTTP responses. A fault of the router, whose status is 500, is no refusal. */
const reasonOfStatus: ReadonlyMap<number, RejectionReason> = new Map([
  [400, 'bad-request'],
  [401, 'unauthenticated'],
  [403, 'addressee'],
  [404, 'not-found'],
  [405, 'method'],
  [409, 'conflict'],
  [413, 'too-large'],
  [415, 'media-type'],
  [422, 'idempotency-key'],
  [503, 'unavailable'],
]);

export interface Rejection {
  readonly reason: RejectionReason;
  readonly address: string | undefined;
  /** A header of the request, or its method and route. Truncated, because a peer chose it. */
  readonly about?: string | undefined;
}

/** A rejection for the log. `suppressed`: rejections with the same reason that were not logged since the last one that was. */
export type LoggedRejection = Rejection & { readonly suppressed?: number };

/** How many rejections of each reason are logged in one period. All are counted. */
const loggedPerPeriod = 5;
const periodMs = 10_000;
const maxAboutLength = 200;

interface Tally {
  periodBegan: number;
  logged: number;
  suppressed: number;
}

/** Counts connections and requests that were refused, and logs them at a bounded rate. */
export class Rejections {
  readonly counts = new Map<RejectionReason, number>(rejectionReasons.map((reason) => [reason, 0]));
  readonly #log: (rejection: LoggedRejection) => void;
  readonly #now: () => number;
  readonly #tallies = new Map<RejectionReason, Tally>();

  constructor(log: (rejection: LoggedRejection) => void, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  note({ reason, address, about }: Rejection): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    const now = this.#now();
    const tally = this.#tallies.get(reason) ?? { periodBegan: now, logged: 0, suppressed: 0 };
    this.#tallies.set(reason, tally);
    if (now - tally.periodBegan >= periodMs) {
      tally.periodBegan = now;
      tally.logged = 0;
    }
    if (tally.logged >= loggedPerPeriod) {
      tally.suppressed++;
      return;
    }
    tally.logged++;
    const cut = about?.slice(0, maxAboutLength);
    this.#log({
      reason,
      address,
      ...(cut && { about: cut }),
      ...(tally.suppressed > 0 && { suppressed: tally.suppressed }),
    });
    tally.suppressed = 0;
  }

  /** A request was answered. Counted only when the response is a refusal. */
  answered(status: number, request: Omit<Rejection, 'reason'>): void {
    const reason = reasonOfStatus.get(status);
    if (reason !== undefined) this.note({ reason, ...request });
  }

  /** The router closed a WebSocket. Counted only when the close is a refusal. */
  closed(why: Closing | 'binary' | undefined, address: string | undefined): void {
    const reason = rejectionReasons.find((one) => one === why);
    if (reason !== undefined) this.note({ reason, address });
    else if (why === 'binary') this.note({ reason: 'malformed', address });
  }
}
