import { verifyLedger } from '@parley/router/ledger/verify';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { hasNats } from '../harness/nats-servers.ts';
import { temporaryFolder } from '../harness/parley.ts';
import { seeded } from '../harness/seeded.ts';
import { killAll } from '../harness/started-process.ts';
import { runClusterChaos } from './cluster/cluster-chaos.ts';
import { clusterFaultsOf, mostWithin } from './outcome.ts';

afterEach(killAll);

const turns = 25;
const callsPerMinute = 200;

describe.skipIf(!hasNats)('conversations of several routers through chaos', () => {
  // The long form, 50 conversations and three minutes, is tests/chaos/run.ts --routers 3.
  it('all conversations of three routers on three servers of NATS end under chaos, every router has the same entries, and no pool is exceeded', {
    timeout: 480_000,
  }, async () => {
    const result = await runClusterChaos({
      folder: temporaryFolder(),
      routers: 3,
      conversations: 8,
      turns,
      callsPerMinute,
      replyMs: 400,
      seconds: 20,
      recoveryMs: 300_000,
      random: seeded('chaos of several routers'),
      say: () => {},
    });
    expect(clusterFaultsOf(result, { turns, callsPerMinute })).toEqual([]);
    for (const copy of result.copies) expect(verifyLedger(copy).faults).toEqual([]);
    // Taps that hear nothing would find no fault either.
    expect(result.calls.length).toBeGreaterThanOrEqual(8 * turns);
    expect(result.receipts.filter(({ kind }) => kind === 'accepted').length).toBeGreaterThan(4 * turns);
    expect(new Set(result.histories.map(({ source }) => source)).size).toBe(3);
  });
});

describe('the check of a pool', () => {
  it('the check of a pool finds the largest number of calls in any window', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000), { maxLength: 60 }),
        fc.integer({ min: 1, max: 400 }),
        (all, windowMs) => {
          const moments = all.toSorted((a, b) => a - b);
          const counts = moments.map(
            (end) => moments.filter((at) => at > end - windowMs && at <= end).length,
          );
          expect(mostWithin(moments, windowMs)).toBe(Math.max(0, ...counts));
        },
      ),
    );
  });
});
