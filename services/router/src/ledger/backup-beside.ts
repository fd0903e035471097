import type { Logger } from '@parley/runtime';
import type { Ledger } from './ledger.ts';

/**
 * What SIGUSR2 does: a running router copies its ledger to a file beside it. The previous copy is replaced when the new one is
 * complete. A signal needs no token: the user who may send it may read the files of the process, too.
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
