import type { Logger } from '@parley/runtime';
import type { Ledger } from '../ledger.ts';

/**
 * On SIGUSR2 a running router copies its ledger to a file beside it. The new copy replaces the previous one when it is complete.
 * A signal needs no token, because a user that may send it may also read the files of the process.
 */
export const backupBeside = ({
  ledger,
  path,
  log,
}: {
  ledger: Ledger;
  path: string;
  log: Logger;
}): (() => void) => {
  let underWay = false;
  return () => {
    if (underWay) return;
    underWay = true;
    const target = `${path}.backup`;
    const position = ledger.position();
    ledger
      .backup(target)
      .then(() => log.info({ target, position }, 'ledger copied'))
      .catch((error: unknown) => log.error({ err: error, target }, 'the ledger cannot be copied'))
      .finally(() => {
        underWay = false;
      });
  };
};
