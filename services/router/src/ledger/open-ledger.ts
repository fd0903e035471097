import type { Ledger } from './ledger.ts';
import { openMemoryLedger } from './memory.ts';
import { openSqliteLedger } from './sqlite.ts';

/** `where` is the value of ROUTER_LEDGER. */
export const openLedger = (where: string): Ledger =>
  where === 'memory' ? openMemoryLedger() : openSqliteLedger(where);
