import type { Server as TlsServer } from 'node:https';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import {
  ConfigError,
  loadSettings,
  openLogger,
  parleyVariables,
  runMain,
  serveProbes,
  stopOnSignal,
  wantsColour,
  withEnvFile,
} from '@parley/kit';
import { stalledMs } from '@parley/protocol';
import { systemClock } from './clock.ts';
import { backup } from './commands/backup.ts';
import { restore } from './commands/restore.ts';
import { verify } from './commands/verify.ts';
import { Writes } from './connection.ts';
import { Control } from './control/control.ts';
import { openDoor } from './door.ts';
import { exposureOf } from './exposure.ts';
import { Arrivals } from './http/arrivals.ts';
import { loadConsole } from './http/console-files.ts';
import { listen, makeHttpServer } from './http/http-server.ts';
import { followCertificate, openTls } from './http/tls.ts';
import { makeVisitorCheck } from './http/visitors.ts';
import { configuredGuard } from './identity/configured-guard.ts';
import { openGuard } from './identity/guard.ts';
import { newToken } from './identity/token-command.ts';
import { leave } from './leave.ts';
import { backupOnSignal } from './ledger/backup-on-signal.ts';
import { cannotStart, LedgerDamage } from './ledger/damage.ts';
import { openLedger } from './ledger/open-ledger.ts';
import { ScheduledBackup } from './ledger/scheduled-backup.ts';
import { Outgoing } from './outgoing.ts';
import { Pools } from './pools.ts';
import { loadPrices } from './prices.ts';
import { Rejections } from './rejections.ts';
import { makeRouter } from './router.ts';
import { AgentSession } from './sessions/agent-session.ts';
import { PlainSession } from './sessions/plain-session.ts';
import { settings } from './settings.ts';
import { giveBackSpareMemory } from './spare-memory.ts';
import { version } from './version.ts';

const tickMs = 100;
const megabyte = 1024 * 1024;
const dayMs = 86_400_000;

const serve = async (): Promise<void> => {
  const env = withEnvFile(process.env);
  const config = loadSettings(settings, env, {
    prefixes: ['ROUTER_'],
    foreign: ['ROUTER_URL'],
    neighbours: parleyVariables,
  });
  const log = await openLogger('router', {
    level: config.logLevel,
    format: config.logFormat,
    colour: wantsColour(env, process.stdout.isTTY),
  });
  const tokensFile = env.ROUTER_TOKENS_FILE;
  const tokenGuard = configuredGuard({ ...config, tokensFile }, systemClock.wall, log);
  const exposure = exposureOf(config, tokenGuard !== undefined);
  const guard = tokenGuard ?? openGuard;
  const rejections = new Rejections((rejection) => log.info(rejection, 'refused'));
  const arrivals = new Arrivals(exposure.arrivals, rejections);
  const checkVisitor = makeVisitorCheck(exposure.visitors, arrivals, rejections);
  const tls = openTls(config.tlsCert, config.tlsKey);
  const ledger = openLedger(config.ledger);
  backupOnSignal(process, { ledger, path: config.ledger, log });
  if (config.backupEvery > 0 && config.ledger !== 'memory') {
    new ScheduledBackup({
      ledger,
      path: config.ledger,
      everyMs: config.backupEvery,
      keep: config.backupKeep,
      log,
      now: () => Date.now(),
      later: (act, ms) => void setTimeout(act, ms).unref(),
    }).start();
  }
  const writes = new Writes();
  const outgoing = new Outgoing({
    limit: config.outgoingMegabytes * megabyte,
    flush: () => writes.flush(),
  });
  const router = makeRouter({
    ledger,
    clock: systemClock,
    version,
    prices: loadPrices(config.prices),
    pools: new Pools(config.pools),
    rejections,
    mailboxLimits: {
      each: { lines: config.mailboxLimit, bytes: config.mailboxMegabytes * megabyte },
      all: { lines: config.mailboxesLimit, bytes: config.mailboxesMegabytes * megabyte },
      maxAgeMs: config.mailboxAgeSeconds * 1_000,
    },
    runningLimits: { total: config.maxConversations, perOpener: config.maxConversationsPerOpener },
    retention: {
      maxAgeMs: config.retentionDays * dayMs,
      maxBytes: config.retentionMegabytes * megabyte,
    },
    onLedgerFailure: (error) => log.error({ err: error }, 'the ledger failed'),
    onFault: ({ place, about, error }) =>
      log.error({ err: error, place, about }, 'an unexpected error was caught'),
  });
  router.conversations.afterFlush(() => writes.flush());

  const defaults = {
    maxTurns: config.maxTurns,
    maxDurationMs: config.maxDurationSeconds * 1_000,
    stopPhrases: [],
    maxAttempts: config.maxAttempts,
    maxRepetition: config.maxRepetitionPercent / 100,
    onFailure: config.onFailure,
    turnDeadlineMs: config.turnDeadlineSeconds * 1_000,
  };
  let leaving = false;
  const here = dirname(process.argv[1] ?? '.');
  const probes = { unready: () => (leaving ? 'draining' : undefined), metrics: router.metrics.registry };
  const server = makeHttpServer(
    {
      router,
      ledger,
      guard,
      checkVisitor,
      control: new Control(router, defaults),
      console: loadConsole([join(here, 'console'), join(here, '../../../apps/console')]),
      probes,
      rejections,
      outgoing,
      stalledMs,
    },
    tls?.certificate,
  );
  arrivals.watch(server);
  if (tls) followCertificate(server as TlsServer, tls.files, log);
  const { duplicates } = config;
  const setting = { router, guard, defaults, duplicates, routerName: hostname() };
  const door = openDoor(server, {
    registerMs: config.registerSeconds * 1_000,
    heartbeatMs: config.heartbeatSeconds * 1_000,
    stalledMs,
    rate: { perSecond: config.framesPerSecond, burst: config.frameBurst },
    metrics: router.metrics,
    writes,
    outgoing,
    faults: router.faults,
    guard,
    checkVisitor,
    rejections,
    wall: systemClock.wall,
    openSession: (dialect, connection, identity) =>
      dialect === 'plain'
        ? new PlainSession(setting, { connection, identity })
        : new AgentSession(setting, { connection, identity }),
  });
  const clock = setInterval(() => router.tick(), tickMs);
  giveBackSpareMemory(log);
  const address = await listen(server, config.host, config.port).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'something else listens there' : error.message;
    throw new ConfigError([`ROUTER_PORT: cannot listen on ${config.host}:${config.port}: ${why}`]);
  });
  const { healthPort: port, healthHost } = config;
  const probePort =
    port === undefined
      ? undefined
      : await serveProbes(
          { variable: 'ROUTER_HEALTH_PORT', port, host: healthHost, turnAway: checkVisitor },
          probes,
        );
  const [ws, http] = tls ? ['wss', 'https'] : ['ws', 'http'];
  log.info(
    {
      url: `${ws}://${address}`,
      console: `${http}://${address}`,
      ledger: config.ledger,
      tokens: guard !== openGuard,
      ...(probePort && { health: `http://${healthHost}:${probePort.port}` }),
    },
    'listening',
  );

  server.on('error', (error) => router.faults.caught('process', 'server', error));
  stopOnSignal(process, {
    log,
    onFault: (error) => router.faults.caught('process', 'unheard', error),
    graceMs: config.drainSeconds * 1_000 + 5_000,
    stop: async () => {
      leaving = true;
      await leave({ router, door, graceMs: config.drainSeconds * 1_000 });
      clearInterval(clock);
      probePort?.close();
      ledger.close();
    },
  });
};

const print = (lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`);
};

const token = (args: readonly string[]): void => {
  const made = newToken(args);
  process.stderr.write(
    `The token, which is shown only now: ${made.token}\nIts line for ROUTER_TOKENS_FILE:\n`,
  );
  process.stdout.write(`${made.line}\n`);
};

/** The ledger of a command that names none: the one that the router would open, by the same variable and .env file. */
const usualLedger = (): string | undefined => {
  const { ledger } = loadSettings({ ledger: settings.ledger }, withEnvFile(process.env), { prefixes: [] });
  return ledger === 'memory' ? undefined : ledger;
};

const run = async ([command, ...args]: readonly string[]): Promise<void> => {
  if (command === undefined) return serve();
  if (command === 'token') return token(args);
  if (command === 'backup') {
    const { line, streamed } = await backup(args, usualLedger());
    return streamed ? void process.stderr.write(`${line}\n`) : print([line]);
  }
  if (command === 'restore') return print(await restore(args, usualLedger()));
  if (command === 'verify') {
    const { lines, code } = verify(args, usualLedger());
    process.exitCode = code;
    return print(lines);
  }
  throw new ConfigError([
    `there is no command ${command}; there are token, verify, backup and restore, and none at all to run the router`,
  ]);
};

runMain(process, 'parley-router', () =>
  run(process.argv.slice(2)).catch((error: unknown) => {
    throw error instanceof LedgerDamage ? cannotStart(error) : error;
  }),
);
