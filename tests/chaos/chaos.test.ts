import { join } from 'node:path';
import { verifyLedger } from '@parley/router/ledger/verify';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../harness/parley.ts';
import { seeded } from '../harness/seeded.ts';
import { killAll } from '../harness/started-process.ts';
import { runChaos } from './chaos.ts';
import { faultsOf } from './outcome.ts';

afterEach(killAll);

const turns = 40;

describe('conversations through chaos', () => {
  // The long form, 20 conversations and three minutes, is tests/chaos/run.ts.
  it('all conversations end under chaos, and no entry is lost, doubled or reordered', {
    timeout: 240_000,
  }, async () => {
    const ledger = join(temporaryFolder(), 'ledger.sqlite');
    const result = await runChaos({
      ledger,
      conversations: 6,
      turns,
      replyMs: 400,
      seconds: 12,
      recoveryMs: 120_000,
      random: seeded('chaos'),
      say: () => {},
    });
    expect(faultsOf(result, turns)).toEqual([]);
    expect(verifyLedger(ledger).faults).toEqual([]);
    // A tap that hears nothing would find no fault either.
    const acknowledged = result.receipts.filter(({ kind }) => kind === 'accepted');
    expect(acknowledged.length).toBeGreaterThan(3 * turns);
    expect(result.receipts.length).toBeGreaterThan(2 * acknowledged.length);
  });
});
