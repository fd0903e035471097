import { LedgerDamage } from './damage.ts';

/** What was read, or `otherwise` where the ledger is damaged. For pages over many conversations: who reads one is told. */
export const undamaged = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof LedgerDamage) return otherwise;
    throw error;
  }
};
