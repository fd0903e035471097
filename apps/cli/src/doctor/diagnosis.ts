import { checkCompose } from './compose-check.ts';
import type { Finding } from './finding.ts';
import { checkLedger } from './ledger-check.ts';
import { checkMachine } from './machine-check.ts';
import { checkModel } from './model-check.ts';
import { type AskedRouter, checkRouter } from './router-check.ts';
import { checkSettings } from './settings-check.ts';
import type { Surroundings } from './surroundings.ts';

/** Everything that `parley doctor` looks at, in the order in which a user would: nothing is changed. */
export const diagnosis = async (
  around: Surroundings,
  router: AskedRouter | Finding,
): Promise<readonly Finding[]> => {
  const parts = await Promise.all([
    checkSettings(around),
    'level' in router ? [router] : checkRouter(router, around),
    checkModel(around),
    checkMachine(around),
    checkLedger(around),
    checkCompose(around),
  ]);
  return parts.flat();
};
