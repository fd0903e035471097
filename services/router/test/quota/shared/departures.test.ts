import { describe, expect, it } from 'vitest';
import { noAmounts } from '../../../src/quota/amounts.ts';
import { Departures } from '../../../src/quota/shared/departures.ts';
import type { Holding } from '../../../src/quota/shared/pool-document.ts';

const holding = (written: number, deadMs?: number): Holding => ({
  share: { ...noAmounts, calls: 5 },
  written,
  ...(deadMs !== undefined && { deadMs }),
});

/** What one router knows of the router `r`. `alive`: whether it seems alive at that time. */
const watching = () => {
  const departures = new Departures();
  const see = (now: number, one: Holding | undefined, alive = false) =>
    departures.see({ nextTicket: 1, holdings: one ? { r: one } : {} }, () => alive, now);
  return { see, deadMs: (now: number, one: Holding) => departures.deadMs('r', one, now) };
};

describe('since when a router with a share has been dead', () => {
  it('counts from the time at which its death was seen, and for no other holding of it', () => {
    const { see, deadMs } = watching();
    expect(deadMs(0, holding(1))).toBeUndefined();
    see(100, holding(1));
    see(200, holding(1));
    expect(deadMs(300, holding(1))).toBe(200);
    expect(deadMs(300, holding(2))).toBeUndefined();
    see(300, holding(2));
    expect(deadMs(400, holding(2))).toBe(100);
  });

  it('counts anew after the router was alive, also when it has written nothing meanwhile', () => {
    const { see, deadMs } = watching();
    see(0, holding(1));
    see(100, holding(1), true);
    expect(deadMs(150, holding(1))).toBeUndefined();
    see(200, holding(1));
    expect(deadMs(250, holding(1))).toBe(50);
  });

  it('counts anew after the holding had gone, also when the same one is there again', () => {
    const { see, deadMs } = watching();
    see(0, holding(1));
    see(100, undefined);
    expect(deadMs(150, holding(1))).toBeUndefined();
    see(200, holding(1));
    expect(deadMs(250, holding(1))).toBe(50);
  });

  it('takes over from another router that it has been dead for longer, and never for less', () => {
    const { see, deadMs } = watching();
    see(1_000, holding(1));
    see(1_100, holding(1, 700));
    expect(deadMs(1_100, holding(1))).toBe(700);
    see(1_200, holding(1, 300));
    expect(deadMs(1_200, holding(1))).toBe(800);
  });
});
