import type { Logger } from '@parley/runtime';
import type { Ledger } from './ledger.ts';

/**
 * SIGUSR2 makes a running router copy its ledger to a file beside it; the copy before is replaced once the new one is
 * whole. A signal, because only who may signal the process may read its files anyway.
 */
export const backupOnSignal = (
  host: Pick<NodeJS.Process, 'on'>,
  { ledger, path, log }: { ledger: Ledger; path: string; log: Logger },
): void => {
  let underWay = false;
  host.on('SIGUSR2', () => {
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
  });
};
