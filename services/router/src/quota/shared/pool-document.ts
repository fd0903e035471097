import { type Amounts, amountsBy, noAmounts, units } from '../amounts.ts';

/** What one router holds of a pool. */
export interface Holding {
  /** What the router may use: calls and tokens in any window, and concurrent calls. */
  readonly share: Amounts;
  /** The total that its next call needs, while its share is too small for it. */
  readonly need?: Amounts;
  /** Its place in the queue of the routers that need more: the lowest is served first. */
  readonly ticket?: number;
  /** Counts the writes of the router itself, so that a new write of an unchanged holding is recognised. */
  readonly written: number;
  /** The router had been dead for so long, at least, when another router wrote this. */
  readonly deadMs?: number;
}

/** How routers divide a pool. The sum of the shares never exceeds the rule, and each router uses only its own share. */
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
  const { share, need, ticket, written, deadMs } = (value ?? {}) as Record<string, unknown>;
  const amounts = readAmounts(share);
  if (!amounts || !Number.isSafeInteger(written)) return undefined;
  const needed = readAmounts(need);
  return {
    share: amounts,
    written: Number(written),
    ...(Number.isSafeInteger(deadMs) && Number(deadMs) > 0 && { deadMs: Number(deadMs) }),
    ...(needed && Number.isSafeInteger(ticket) && { need: needed, ticket: Number(ticket) }),
  };
};

/** Reads a document of the table; undefined when it is invalid. */
export const readPoolDocument = (value: unknown): PoolDocument | undefined => {
  const { nextTicket, holdings } = (value ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(nextTicket) || typeof holdings !== 'object' || holdings === null)
    return undefined;
  const read: [string, Holding][] = [];
  for (const [router, one] of Object.entries(holdings)) {
    const holding = readHolding(one);
    // If a holding were ignored, other routers could use its share as well.
    if (!holding) return undefined;
    read.push([router, holding]);
  }
  return { nextTicket: Number(nextTicket), holdings: Object.fromEntries(read) };
};

/** The first document of a pool. Earlier usage counts as the holding of a router that is gone. */
export const firstDocument = (used: Amounts): PoolDocument =>
  units.every((unit) => used[unit] === 0)
    ? emptyPool
    : { nextTicket: 1, holdings: { 'before the first': { share: used, written: 0 } } };

export const nothingHeld: Holding = { share: noAmounts, written: 0 };
