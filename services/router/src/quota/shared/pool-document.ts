import { type Amounts, amountsBy, noAmounts, units } from '../amounts.ts';

/** What one router holds of a pool. */
export interface Holding {
  /** What the router may use: its calls in any window, their tokens, and its calls at once. */
  readonly share: Amounts;
  /** What its next call takes all in all, while its share is too small for that. */
  readonly need?: Amounts;
  /** Its place in the queue of the routers that need more: the lowest is served first. */
  readonly ticket?: number;
  /** Counts the changes by the router itself: a holding with another number was confirmed since. */
  readonly written: number;
}

/** How routers divide a pool. The shares together are never more than the rule, and each router keeps to its own. */
export interface PoolDocument {
  readonly nextTicket: number;
  readonly holdings: Readonly<Record<string, Holding>>;
}

const emptyPool: PoolDocument = { nextTicket: 1, holdings: {} };

const readAmounts = (value: unknown): Amounts | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const isAmount = (amount: unknown) => typeof amount === 'number' && Number.isFinite(amount) && amount >= 0;
  return units.every((unit) => isAmount(given[unit])) ? amountsBy((unit) => Number(given[unit])) : undefined;
};

const readHolding = (value: unknown): Holding | undefined => {
  const { share, need, ticket, written } = (value ?? {}) as Record<string, unknown>;
  const amounts = readAmounts(share);
  if (!amounts || !Number.isSafeInteger(written)) return undefined;
  const needed = readAmounts(need);
  return {
    share: amounts,
    written: Number(written),
    ...(needed && Number.isSafeInteger(ticket) && { need: needed, ticket: Number(ticket) }),
  };
};

/** The document as it came from the table; undefined when it cannot be read. */
export const readPoolDocument = (value: unknown): PoolDocument | undefined => {
  const { nextTicket, holdings } = (value ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(nextTicket) || typeof holdings !== 'object' || holdings === null)
    return undefined;
  const read: [string, Holding][] = [];
  for (const [router, one] of Object.entries(holdings)) {
    const holding = readHolding(one);
    // To forget a holding would let others use what it is for.
    if (!holding) return undefined;
    read.push([router, holding]);
  }
  return { nextTicket: Number(nextTicket), holdings: Object.fromEntries(read) };
};

/** Where there is no document yet: what was used before counts as the holding of a router that is gone. */
export const firstDocument = (used: Amounts): PoolDocument =>
  units.every((unit) => used[unit] === 0)
    ? emptyPool
    : { nextTicket: 1, holdings: { 'before the first': { share: used, written: 0 } } };

export const nothingHeld: Holding = { share: noAmounts, written: 0 };
