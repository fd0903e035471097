import { openLogger, stopOnSignal } from '../src/index.ts';

/** A service that logs, and stops at once when it is asked to. */
const log = await openLogger('test', { level: 'info', format: 'json', colour: false });
setInterval(() => {}, 60_000);
stopOnSignal(process, {
  log,
  graceMs: 60_000,
  onFault: () => {},
  stop: async () => {
    for (let i = 0; i < 10; i++) log.info({ i }, 'a last line');
  },
});
log.info('ready');
