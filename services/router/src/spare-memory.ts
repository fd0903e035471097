import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Logger } from '@parley/runtime';

const lookMs = 5_000;
/** Share of the time in which the event loop did something: below it, hardly anybody is there to mind a pause of 50 ms. */
const calm = 0.02;
const worthIt = 64 * 1024 ** 2;

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** What the process holds beyond its objects. V8 keeps the pages of the largest heap that it ever had. */
const spareBytes = (): number => {
  const { rss, heapUsed, external } = process.memoryUsage();
  return rss - heapUsed - external;
};

/**
 * Gives memory back to the system when a storm is over. V8 itself does so only when the machine runs short of it, so
 * that one flood would leave the router at three times its size for good.
 */
export const giveBackSpareMemory = (log: Logger): void => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  let usual = spareBytes();
  let last = performance.eventLoopUtilization();
  const look = () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    const spare = spareBytes();
    if (utilization > calm || spare < usual + worthIt) return;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    usual = spareBytes();
    log.debug({ bytes: spare - usual }, 'memory given back');
  };
  setInterval(look, lookMs).unref();
};
