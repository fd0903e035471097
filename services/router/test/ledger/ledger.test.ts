import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { type LedgerUnderTest, ledgerContract } from './ledger-contract.ts';
import { ledgerLinksContract } from './ledger-links-contract.ts';
import { ledgerModelContract } from './ledger-model-contract.ts';
import { ledgerReadsContract } from './ledger-reads-contract.ts';

const memory = () => ({ open: openMemoryLedger });
ledgerContract('memory', memory);
ledgerModelContract('memory', memory);
ledgerReadsContract('memory', memory);
ledgerLinksContract('memory', memory);

const folder = mkdtempSync(join(tmpdir(), 'parley-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const sqlite = (): LedgerUnderTest => {
  const path = join(folder, `${++files}.sqlite`);
  const open = () => openSqliteLedger(path);
  return {
    open,
    reopen(ledger) {
      ledger.close();
      return open();
    },
  };
};
ledgerContract('sqlite', sqlite);
ledgerModelContract('sqlite', sqlite);
ledgerReadsContract('sqlite', sqlite);
ledgerLinksContract('sqlite', sqlite);
