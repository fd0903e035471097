import { describe, expect, it } from 'vitest';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { Retention } from '../../src/ledger/retention.ts';
import { RouterBench } from '../router-harness.ts';
import { finished, lines, opened } from './ledger-entries.ts';

const hour = 3_600_000;

/** Three that ended an hour apart, and one that runs. */
const filled = async () => {
  const ledger = openMemoryLedger();
  for (const [index, length] of [10, 1_200, 10].entries()) {
    const entries = finished(length, (index + 1) * hour);
    await ledger.append([{ conversation: `c${index + 1}`, expectedSeq: 0, entries }]);
  }
  await ledger.append([{ conversation: 'running', expectedSeq: 0, entries: [opened(), ...lines(2, 9)] }]);
  return ledger;
};

const retention = (ledger: Awaited<ReturnType<typeof filled>>, more: object) => {
  const removed: string[] = [];
  const failures: unknown[] = [];
  const subject = new Retention({
    ledger,
    rule: { maxAgeMs: 0, maxBytes: 0 },
    inUse: () => new Set(),
    onRemoved: (id) => removed.push(id),
    onFailure: (error) => failures.push(error),
    ...more,
  });
  return { subject, removed, failures };
};

describe('retention', () => {
  it('retention removes nothing when no limit is set', async () => {
    const ledger = await filled();
    expect(retention(ledger, {}).subject.tick(1_000 * hour)).toBe(false);
    expect(ledger.recent(9).map(({ id }) => id)).toHaveLength(4);
  });

  it('retention removes conversations that ended longer ago than the maximum age, a few entries at a time', async () => {
    const ledger = await filled();
    const { subject, removed } = retention(ledger, { rule: { maxAgeMs: hour, maxBytes: 0 } });
    let steps = 0;
    while (subject.tick(3.5 * hour)) steps++;
    expect(steps).toBe(3);
    expect([...new Set(removed)]).toEqual(['c1', 'c2']);
    expect(ledger.recent(9).map(({ id }) => id)).toEqual(['running', 'c3']);
  });

  it('retention removes the conversations that ended first until the ledger is small enough, and never running ones', async () => {
    const ledger = await filled();
    const { subject, removed } = retention(ledger, { rule: { maxAgeMs: 0, maxBytes: 4_000 } });
    while (subject.tick(9 * hour));
    expect([...new Set(removed)]).toEqual(['c1', 'c2']);
    const strict = retention(ledger, { rule: { maxAgeMs: 1, maxBytes: 1 } });
    while (strict.subject.tick(1_000 * hour));
    expect(ledger.recent(9).map(({ id }) => id)).toEqual(['running']);
    expect(ledger.read('running', 0, 99)).toHaveLength(9);
  });

  it('retention keeps conversations that are still in use', async () => {
    const ledger = await filled();
    const { subject } = retention(ledger, {
      rule: { maxAgeMs: 1, maxBytes: 0 },
      inUse: () => new Set(['c1']),
    });
    while (subject.tick(1_000 * hour));
    expect(ledger.recent(9).map(({ id }) => id)).toEqual(['running', 'c1']);
  });

  it('retention removes unused conversations in small steps, although hundreds that ended before are still in use', async () => {
    const ledger = openMemoryLedger();
    const waiting = Array.from({ length: 1_200 }, (_, index) => `waiting-${index}`);
    for (const id of waiting)
      await ledger.append([{ conversation: id, expectedSeq: 0, entries: finished(2, hour) }]);
    for (const id of ['c1', 'c2'])
      await ledger.append([{ conversation: id, expectedSeq: 0, entries: finished(4, 2 * hour) }]);
    for (const rule of [
      { maxAgeMs: hour, maxBytes: 0 },
      { maxAgeMs: 0, maxBytes: 1 },
    ]) {
      let asked = 0;
      const inUse = () => {
        asked++;
        return new Set(waiting);
      };
      const { subject, removed } = retention(ledger, { rule, inUse });
      let steps = 0;
      while (subject.tick(9 * hour) && steps < 20) steps++;
      expect(removed).toEqual(rule.maxBytes === 0 ? ['c1', 'c2'] : []);
      expect(steps).toBeLessThan(10);
      expect(asked).toBe(1);
    }
    expect(ledger.recent(9_999)).toHaveLength(1_200);
  });

  it('retention does not change the positions of the remaining entries, for readers that return with an old position', async () => {
    const ledger = await filled();
    const before = ledger.readAll(0, 9_999).filter(({ conversation }) => conversation === 'running');
    const { subject } = retention(ledger, { rule: { maxAgeMs: 1, maxBytes: 0 } });
    while (subject.tick(1_000 * hour));
    for (const since of [0, 5, 700, 1_215])
      expect(ledger.readAll(since, 9_999)).toEqual(before.filter(({ position }) => position > since));
    const [appended] = await ledger.append([
      { conversation: 'running', expectedSeq: 9, entries: lines(10, 10) },
    ]);
    expect(appended).toEqual({ ok: true, position: 1_230 });
  });

  it('retention tries again later when the ledger cannot be written', async () => {
    const ledger = await filled();
    const { subject, failures } = retention(
      {
        ...ledger,
        remove: () => {
          throw new Error('disk full');
        },
      },
      { rule: { maxAgeMs: 1, maxBytes: 0 } },
    );
    expect(subject.tick(1_000 * hour)).toBe(false);
    expect(subject.tick(1_000 * hour)).toBe(false);
    expect(failures).toHaveLength(2);
  });

  it('the router removes old conversations while it runs, and does not show removed ones any more', async () => {
    const bench = new RouterBench({ retention: { maxAgeMs: hour, maxBytes: 0 } });
    await bench.open('c1');
    await bench.submit('c1', { type: 'end', by: 'operator' });
    await bench.open('c2');
    expect(bench.router.conversations.find('c1')?.status.state).toBe('ended');
    await bench.pass(2 * hour);
    expect(bench.router.conversations.find('c1')).toBeUndefined();
    expect(bench.router.conversations.find('c2')).toBeDefined();
  });
});
