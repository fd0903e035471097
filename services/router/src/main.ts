import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError, loadSettings, makeLogger, runMain, stopOnSignal } from '@parley/kit';
import { Writes } from './connection.ts';
import { openDoor } from './door.ts';
import { loadConsole } from './http/console-files.ts';
import { listen, makeHttpServer } from './http/http-server.ts';
import { leave } from './leave.ts';
import { openLedger } from './ledger/open-ledger.ts';
import { Pools } from './pools.ts';
import { loadPrices } from './prices.ts';
import { makeRouter } from './router.ts';
import { AgentSession } from './sessions/agent-session.ts';
import { PlainSession } from './sessions/plain-session.ts';
import { settings } from './settings.ts';
import { version } from './version.ts';

const tickMs = 100;

runMain(process, 'parley-router', async () => {
  const config = loadSettings(settings, process.env, { prefixes: ['ROUTER_'], foreign: ['ROUTER_URL'] });
  const log = makeLogger('router', config.logLevel);
  const ledger = openLedger(config.ledger);
  const writes = new Writes();
  const router = makeRouter({
    ledger,
    now: Date.now,
    version,
    prices: loadPrices(config.prices),
    pools: new Pools(config.pools),
    mailboxLimit: config.mailboxLimit,
    mailboxAgeMs: config.mailboxAgeSeconds * 1_000,
    onLedgerFailure: (error) => log.error({ err: error }, 'the ledger cannot be written'),
  });
  router.conversations.afterFlush(() => writes.flush());

  let leaving = false;
  const here = dirname(process.argv[1] ?? '.');
  const server = makeHttpServer({
    router,
    ledger,
    console: loadConsole([join(here, 'console'), join(here, '../../../apps/console')]),
    probes: { unready: () => (leaving ? 'draining' : undefined), metrics: router.metrics.registry },
  });
  const defaults = {
    maxTurns: config.maxTurns,
    maxDurationMs: config.maxDurationSeconds * 1_000,
    stopPhrases: [],
    maxAttempts: config.maxAttempts,
    onFailure: config.onFailure,
    turnDeadlineMs: config.turnDeadlineSeconds * 1_000,
  };
  const door = openDoor(server, {
    registerMs: config.registerSeconds * 1_000,
    heartbeatMs: config.heartbeatSeconds * 1_000,
    rate: { perSecond: config.framesPerSecond, burst: config.frameBurst },
    metrics: router.metrics,
    writes,
    openSession: (dialect, connection) =>
      dialect === 'plain'
        ? new PlainSession(router, connection, defaults)
        : new AgentSession(router, connection, defaults, hostname()),
  });
  const clock = setInterval(() => router.tick(), tickMs);
  const address = await listen(server, config.host, config.port).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'something else listens there' : error.message;
    throw new ConfigError([`ROUTER_PORT: cannot listen on ${config.host}:${config.port}: ${why}`]);
  });
  log.info({ url: `ws://${address}`, console: `http://${address}`, ledger: config.ledger }, 'listening');

  stopOnSignal(process, {
    log,
    graceMs: config.drainSeconds * 1_000 + 5_000,
    stop: async () => {
      leaving = true;
      await leave({ router, door, graceMs: config.drainSeconds * 1_000 });
      clearInterval(clock);
      ledger.close();
    },
  });
});
