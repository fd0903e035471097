import { describe } from 'vitest';
import { hasNats } from '../../../../../tests/harness/nats-servers.ts';
import { type JetStreamOptions, openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { type LedgerUnderTest, ledgerContract, shut } from '../ledger-contract.ts';
import { ledgerLinksContract } from '../ledger-links-contract.ts';
import { ledgerModelContract } from '../ledger-model-contract.ts';
import { ledgerReadsContract } from '../ledger-reads-contract.ts';
import { countedPositions } from './jetstream-ledgers.ts';
import { natsOfTests } from './nats-of-tests.ts';

describe.skipIf(!hasNats)('with a server of NATS', () => {
  const nats = natsOfTests();

  const jetstream = (): LedgerUnderTest => {
    const positions: number[] = [];
    let mine: JetStreamOptions | undefined;
    const open = async (): Promise<Ledger> => {
      mine ??= nats.options();
      return countedPositions(await openJetStreamLedger(mine), positions);
    };
    return {
      open,
      runs: 20,
      async reopen(ledger) {
        await shut(ledger);
        return open();
      },
    };
  };
  ledgerContract('jetstream', jetstream);
  ledgerModelContract('jetstream', jetstream);
  ledgerReadsContract('jetstream', jetstream);
  ledgerLinksContract('jetstream', jetstream);
});
