import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bench, mostInAWindow } from './pool-harness.ts';

const minute = 60_000;

describe('the rate of a pool under random events', () => {
  const step = fc.record({
    kind: fc.constantFrom(
      'open',
      'connect',
      'drop',
      'answer',
      'answer',
      'fail',
      'limited',
      'pause',
      'resume',
      'seat',
      'unseat',
      'wait',
      'wait',
      'restart',
    ),
    pick: fc.nat(),
  });

  it('no window holds more calls than the rule, and each conversation goes on when the events end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 150 }), async (steps) => {
        const bench = new Bench({ m: { requests: 3, tokens: 0 } });
        const names = ['a', 'b', 'c', 'd'];
        let opened = 0;
        let restarted = 0;
        const some = <T>(all: readonly T[], pick: number) => all[pick % Math.max(1, all.length)];
        const conversation = (pick: number) => `c${pick % Math.max(1, opened)}`;
        for (const { kind, pick } of steps) {
          if (kind === 'open' && opened < 6) {
            const by = names[pick % 4] as string;
            bench.open(`c${opened++}`, [by, names[(pick + 1) % 4] as string], {
              onFailure: 'retry',
              turnDeadlineMs: 3_000,
            });
          } else if (kind === 'connect' && bench.replicas.length < 6)
            bench.connect(names[pick % 4] as string, { capacity: 1 + (pick % 3) });
          else if (kind === 'drop') {
            const replica = some(bench.replicas, pick);
            if (replica) bench.disconnect(replica);
          } else if (kind === 'answer') {
            const [grant] = bench.granted.splice(pick % Math.max(1, bench.granted.length), 1);
            if (grant) bench.answer(grant);
          } else if (kind === 'fail' || kind === 'limited') {
            const [grant] = bench.granted.splice(pick % Math.max(1, bench.granted.length), 1);
            const held = grant && bench.router.grants.at(grant.conversation, grant.turn);
            if (held && kind === 'limited') bench.router.grants.callRateLimited(held.replica, held, 1_000);
            if (grant)
              bench.submit(grant.conversation, {
                type: 'pass',
                from: grant.name,
                turn: grant.turn,
                attempt: grant.attempt,
                reason: kind === 'fail' ? 'model-unavailable' : 'rate-limited',
              });
          } else if (kind === 'pause' || kind === 'resume')
            bench.submit(conversation(pick), { type: kind, by: 'op' });
          else if (kind === 'seat' || kind === 'unseat')
            bench.submit(conversation(pick), { type: kind, by: 'op', who: names[pick % 4] as string });
          else if (kind === 'wait') await bench.pass((pick % 400) * 100);
          else if (kind === 'restart' && bench.now > restarted + minute) {
            restarted = bench.now;
            bench.restart();
          }
          await bench.settled();
        }
        // Dropped replicas lost their grants. Now every agent connects again and answers.
        for (const name of names) bench.connect(name, { capacity: 2 });
        for (let i = 0; i < opened; i++) {
          bench.submit(`c${i}`, { type: 'resume', by: 'op' });
          for (const who of names) bench.submit(`c${i}`, { type: 'unseat', by: 'op', who });
        }
        await bench.settled();
        const before = new Map(
          Array.from({ length: opened }, (_, i) => [`c${i}`, bench.entries(`c${i}`).length]),
        );
        await bench.pass(12 * minute, () => bench.answerAll());
        expect(mostInAWindow(bench.calls)).toBeLessThanOrEqual(3);
        for (const [id, count] of before) expect(bench.entries(id).length).toBeGreaterThan(count);
      }),
      { seed: 41, numRuns: 40 },
    );
  });
});
