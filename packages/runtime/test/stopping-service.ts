import { openLogger, stopOnSignal } from '../src/index.ts';

/** A service that logs, and stops at once when it is asked to. With `--many` its last lines are more than a pipe holds. */
const lines = process.argv.includes('--many') ? 50_000 : 10;
const log = await openLogger('test', { level: 'info', format: 'json', colour: false });
setInterval(() => {}, 60_000);
stopOnSignal(process, {
  log,
  graceMs: 60_000,
  onFault: () => {},
  stop: async () => {
    for (let i = 0; i < lines; i++) log.info({ i }, 'a last line');
  },
});
log.info('ready');
