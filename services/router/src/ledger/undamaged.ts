import { LedgerDamage } from './damage.ts';

/**
 * What was read, or `otherwise` where the ledger is damaged. For lists of many conversations; a reader of a single one gets the
 * error.
 */
export const undamaged = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof LedgerDamage) return otherwise;
    throw error;
  }
};
