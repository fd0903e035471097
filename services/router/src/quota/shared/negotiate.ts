import { type Amounts, amountsBy, type Unit, units } from '../amounts.ts';
import { type Holding, nothingHeld, type PoolDocument } from './pool-document.ts';

/** What a router uses of a pool, and what it wants to use. */
export interface Demand {
  /** The amounts that count now. The router never gives these up. */
  readonly used: Amounts;
  /** The total that its next call needs; undefined while no call waits for a larger share. */
  readonly need: Amounts | undefined;
  /** The share that it wants: `used`, and some calls in advance while it is making calls. */
  readonly wish: Amounts;
  /** It asks for its wish when it holds less than this. */
  readonly low: Amounts;
}

export interface Situation {
  readonly self: string;
  /** The rule of the pool; 0 is no limit. */
  readonly limits: Amounts;
  /** Shares move in blocks of this size, so that the document is not written for each call. */
  readonly block: Amounts;
  readonly demand: Demand;
  /** What the router may use now. It is less than its share when it has given something up that still counts. */
  readonly allowed: Amounts;
  /** The number of this change by the router. */
  readonly written: number;
  /** Whether the holding is written even if it is unchanged, to be certain that it is in the document. */
  readonly confirms: boolean;
  isAlive(router: string): boolean;
  readonly windowMs: number;
  /** How long the router has been dead, at least. Undefined when it is not known to be dead. */
  deadMs(router: string, holding: Holding): number | undefined;
}

export interface Negotiated {
  /** Undefined when it is unchanged. */
  readonly document: PoolDocument | undefined;
  /**
   * What the router may use once the document is written. It is less than its share when others need more: amounts in use are
   * given up as soon as they no longer count.
   */
  readonly allowed: Amounts;
}

type Waiting = Holding & { readonly need: Amounts; readonly ticket: number };

const lack = ({ need, share }: Pick<Waiting, 'need' | 'share'>, unit: Unit): number =>
  Math.max(0, need[unit] - share[unit]);
const lacksAny = (one: Pick<Waiting, 'need' | 'share'>): boolean => units.some((unit) => lack(one, unit) > 0);

/** How often in a window it is noted how long a router has been dead. */
const notesPerWindow = 6;

/**
 * The holdings of the other routers. That of a router that has been dead for longer than a window is left out: nothing that it used
 * counts any more. For the others it is noted how long they have been dead, so that the time also counts for routers that start later.
 */
const keptHoldings = (
  { holdings }: PoolDocument,
  { self, windowMs, deadMs }: Situation,
): (readonly [string, Holding])[] => {
  const kept: (readonly [string, Holding])[] = [];
  for (const [router, holding] of Object.entries(holdings)) {
    const ms = router === self ? undefined : deadMs(router, holding);
    if (router === self || (ms !== undefined && ms > windowMs)) continue;
    const isDue = ms !== undefined && ms - (holding.deadMs ?? 0) >= windowMs / notesPerWindow;
    kept.push([router, isDue ? { ...holding, deadMs: Math.floor(ms) } : holding]);
  }
  return kept;
};

/**
 * How a router changes its own holding, given the holdings of the others. It takes what is free, in the order of the tickets.
 * It returns what it does not use. It gives up a block when another router needs more and has less. Pure.
 */
export const negotiate = (document: PoolDocument, situation: Situation): Negotiated => {
  const { self, limits, block, written, confirms, isAlive } = situation;
  const { used, wish, low, need } = situation.demand;
  const others = keptHoldings(document, situation);
  const own = document.holdings[self] ?? nothingHeld;
  const waiting = others
    .filter(([router, one]) => one.need !== undefined && one.ticket !== undefined && isAlive(router))
    .map(([, one]) => one as Waiting)
    .filter(lacksAny);

  const limited = units.filter((unit) => limits[unit] > 0);
  const leftByOthers = amountsBy((unit) => {
    const held = others.reduce((sum, [, { share }]) => sum + share[unit], 0);
    return Math.max(0, limits[unit] - held);
  });
  const free = amountsBy((unit) => Math.max(0, leftByOthers[unit] - own.share[unit]));
  const oldTicket = need && own.ticket;
  const before = waiting.filter(({ ticket }) => ticket < (oldTicket ?? Number.POSITIVE_INFINITY));
  const wanted = amountsBy((unit) => Math.max(wish[unit], need?.[unit] ?? 0));
  const grown = amountsBy((unit) => {
    const promised = before.reduce((sum, one) => sum + lack(one, unit), 0);
    const most = Math.max(0, free[unit] - promised);
    const share = own.share[unit];
    const isLow = share < Math.max(low[unit], need?.[unit] ?? 0);
    return share + (isLow ? Math.min(most, Math.max(0, wanted[unit] - share)) : 0);
  });

  const stillNeeds = need !== undefined && limited.some((unit) => need[unit] > grown[unit]);
  // It keeps what it has just received for its next call until that call is made. Otherwise two routers could pass the amount
  // back and forth.
  const usable = amountsBy((unit) => (grown[unit] > own.share[unit] ? grown[unit] : situation.allowed[unit]));
  const isReady = need !== undefined && limited.every((unit) => need[unit] <= usable[unit]);
  let yields = false;
  const allowed = amountsBy((unit) => {
    if (!limited.includes(unit)) return 0;
    // A router that lost its share still uses some of it, which others may hold by now: only what is left may be used again.
    const share = Math.min(grown[unit], Math.max(situation.allowed[unit], leftByOthers[unit]));
    const lacking = waiting.filter((one) => lack(one, unit) > free[unit]);
    // Its share is too small to be useful, and a router with an earlier ticket needs it for a whole call.
    if (stillNeeds && lacking.some(({ ticket }) => before.some((one) => one.ticket === ticket)))
      return Math.min(share, used[unit]);
    if (lacking.some((one) => one.share[unit] + block[unit] <= share)) {
      const rest = Math.max(0, share - block[unit], isReady ? need[unit] : 0);
      if (rest < share) yields = true;
      return Math.min(share, rest);
    }
    const isSurplus = share - wanted[unit] > block[unit] || (wanted[unit] === 0 && share > 0);
    return isSurplus ? wanted[unit] : share;
  });

  const share = amountsBy((unit) => (limited.includes(unit) ? Math.max(used[unit], allowed[unit]) : 0));
  // A router that has given something up goes to the end of the queue, so that it does not take the same amount back.
  const keepsTicket = oldTicket !== undefined && !yields;
  const { nextTicket } = document;
  const holding: Holding = {
    share,
    ...(stillNeeds && need && { need, ticket: keepsTicket ? oldTicket : nextTicket }),
    written,
  };
  const isSame =
    !confirms &&
    others.every(([router, one]) => one === document.holdings[router]) &&
    others.length + (document.holdings[self] ? 1 : 0) === Object.keys(document.holdings).length &&
    own.deadMs === undefined &&
    units.every((unit) => share[unit] === own.share[unit]) &&
    holding.ticket === own.ticket &&
    (holding.need === undefined) === (own.need === undefined) &&
    // A smaller need is not written again while the router waits.
    units.every((unit) => (holding.need?.[unit] ?? 0) <= (own.need?.[unit] ?? 0));
  if (isSame) return { document: undefined, allowed };
  const holds = stillNeeds || units.some((unit) => share[unit] > 0);
  const holdings = Object.fromEntries([...others, ...(holds ? [[self, holding] as const] : [])]);
  return {
    document: { nextTicket: stillNeeds && !keepsTicket ? nextTicket + 1 : nextTicket, holdings },
    allowed,
  };
};
