import { afterAll, beforeAll, describe } from 'vitest';
import { hasNats, type NatsServer, startNats } from '../../../../../tests/harness/nats-servers.ts';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { type LedgerUnderTest, ledgerContract, shut } from '../ledger-contract.ts';
import { ledgerLinksContract } from '../ledger-links-contract.ts';
import { ledgerReadsContract } from '../ledger-reads-contract.ts';
import { countedPositions, JetStreamFolder } from './jetstream-ledgers.ts';

describe.skipIf(!hasNats)('with a server of NATS', () => {
  let server: NatsServer;
  const folder = new JetStreamFolder();
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(async () => {
    await server.remove();
    folder.remove();
  });

  const jetstream = (): LedgerUnderTest => {
    const positions: number[] = [];
    const options = () => folder.options(server.url);
    let mine: ReturnType<typeof options> | undefined;
    const open = async (): Promise<Ledger> => {
      mine ??= options();
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
  ledgerReadsContract('jetstream', jetstream);
  ledgerLinksContract('jetstream', jetstream);
});
