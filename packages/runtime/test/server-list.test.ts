import { describe, expect, it } from 'vitest';
import { listed, ServerList } from '../src/server-list.ts';

/** Park and Miller: the same numbers in every run. */
const seeded = (seed: number) => {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};

describe('a list of servers', () => {
  it('a list has commas or white space between its items, and each item counts once', () => {
    expect(listed('ws://a, ws://b\n ws://c,ws://a,')).toEqual(['ws://a', 'ws://b', 'ws://c']);
    expect(listed(' , ')).toEqual([]);
  });

  it('many clients with one list spread evenly over its servers, and over those that are left when one fails', () => {
    const dice = seeded(7);
    const first: Record<string, number> = { a: 0, b: 0, c: 0 };
    const afterA: Record<string, number> = { b: 0, c: 0 };
    for (let client = 0; client < 3_000; client++) {
      const servers = new ServerList(['a', 'b', 'c'], dice);
      first[servers.current] = (first[servers.current] ?? 0) + 1;
      if (servers.current !== 'a') continue;
      servers.next();
      afterA[servers.current] = (afterA[servers.current] ?? 0) + 1;
    }
    for (const count of Object.values(first)) expect(count).toBeGreaterThan(900);
    for (const count of Object.values(afterA)) expect(count).toBeGreaterThan(400);
  });

  it('a client tries every server once before it waits, and then begins with the one that worked', () => {
    const servers = new ServerList(['a', 'b', 'c'], seeded(3));
    const worked = servers.current;
    servers.worked();
    const tried = [worked];
    while (servers.next()) tried.push(servers.current);
    expect(tried.toSorted()).toEqual(['a', 'b', 'c']);
    expect(servers.current).toBe(worked);
  });

  it('one server alone is tried again only after a wait', () => {
    const servers = new ServerList(['a'], seeded(1));
    expect([servers.next(), servers.next(), servers.current]).toEqual([false, false, 'a']);
  });
});
