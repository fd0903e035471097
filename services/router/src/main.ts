import { statfsSync } from 'node:fs';
import type { Server as TlsServer } from 'node:https';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { stalledMs } from '@parley/protocol';
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
} from '@parley/runtime';
import manifest from '../package.json' with { type: 'json' };
import { systemClock } from './clock.ts';
import { leave } from './drain.ts';
import { bindPolicyOf } from './http/bind-policy.ts';
import { ConnectionLimits } from './http/connection-limits.ts';
import { loadConsole } from './http/console-files.ts';
import { Control } from './http/control.ts';
import { listen, makeHttpServer } from './http/http-server.ts';
import { Rejections } from './http/rejections.ts';
import { makeRequestFilter } from './http/request-filter.ts';
import { followCertificate, openTls } from './http/tls.ts';
import { openAuthenticator } from './identity/authenticator.ts';
import { configuredAuthenticator } from './identity/configured-authenticator.ts';
import { tokenCommand } from './identity/token-command.ts';
import { backupBeside } from './ledger/backup-beside.ts';
import { backup } from './ledger/backup-command.ts';
import { cannotStart, LedgerDamage } from './ledger/damage.ts';
import { openLedger } from './ledger/open-ledger.ts';
import { restore } from './ledger/restore-command.ts';
import { ScheduledBackup } from './ledger/scheduled-backup.ts';
import { verify } from './ledger/verify-command.ts';
import { LifeLog, pageAddress } from './life-log.ts';
import { Outgoing } from './quota/outgoing.ts';
import { Pools } from './quota/pools.ts';
import { loadPrices } from './quota/prices.ts';
import { makeRouter } from './router.ts';
import { AgentSession } from './sessions/agent-session.ts';
import { PlainSession } from './sessions/plain-session.ts';
import { settings } from './settings.ts';
import { WriteCoalescer } from './socket/connection.ts';
import { startWebSocketServer } from './socket/websocket-server.ts';

const tickMs = 100;
const presenceMs = 1_000;
const megabyte = 1024 * 1024;
const dayMs = 86_400_000;

const freeBytes = (ledger: string): number | undefined => {
  if (ledger === 'memory') return undefined;
  try {
    const { bavail, bsize } = statfsSync(dirname(ledger));
    return bavail * bsize;
  } catch {
    // The folder is away; the ledger tells that itself.
    return undefined;
  }
};

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
  const tokenAuthenticator = configuredAuthenticator({ ...config, tokensFile }, systemClock.wall, log);
  const bindPolicy = bindPolicyOf(
    { ...config, published: env.PARLEY_BIND },
    tokenAuthenticator !== undefined,
  );
  const authenticator = tokenAuthenticator ?? openAuthenticator;
  const rejections = new Rejections((rejection) => log.info(rejection, 'refused'));
  const connectionLimits = new ConnectionLimits(bindPolicy.connectionLimits, rejections);
  const filterRequest = makeRequestFilter(bindPolicy.visitors, connectionLimits, rejections);
  const tls = openTls(config.tlsCert, config.tlsKey);
  const ledger = openLedger(config.ledger);
  process.on('SIGUSR2', backupBeside({ ledger, path: config.ledger, log }));
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
  const writes = new WriteCoalescer();
  const outgoing = new Outgoing({
    limit: config.outgoingMegabytes * megabyte,
    flush: () => writes.flush(),
  });
  const router = makeRouter({
    ledger,
    clock: systemClock,
    version: manifest.version,
    ...(env.PARLEY_REVISION && { revision: env.PARLEY_REVISION }),
    freeBytes: () => freeBytes(config.ledger),
    prices: loadPrices(config.prices),
    pools: new Pools(config.pools),
    rejections,
    mailboxLimits: {
      each: { lines: config.mailboxLimit, bytes: config.mailboxMegabytes * megabyte },
      all: { lines: config.mailboxesLimit, bytes: config.mailboxesMegabytes * megabyte },
      maxAgeMs: config.mailboxAgeSeconds * 1_000,
    },
    duplicates: config.duplicates,
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
      authenticator,
      filterRequest,
      control: new Control(router, defaults),
      console: loadConsole([join(here, 'console'), join(here, '../../../apps/console')]),
      probes,
      rejections,
      outgoing,
      stalledMs,
    },
    tls?.certificate,
  );
  connectionLimits.watch(server);
  if (tls) followCertificate(server as TlsServer, tls.files, log);
  const setting = { router, authenticator, defaults, routerName: hostname() };
  const webSocketServer = startWebSocketServer(server, {
    registerMs: config.registerSeconds * 1_000,
    heartbeatMs: config.heartbeatSeconds * 1_000,
    stalledMs,
    rate: { perSecond: config.framesPerSecond, burst: config.frameBurst },
    metrics: router.metrics,
    writes,
    outgoing,
    faults: router.faults,
    authenticator,
    filterRequest,
    rejections,
    wall: systemClock.wall,
    openSession: (dialect, connection, identity) =>
      dialect === 'plain'
        ? new PlainSession(setting, { connection, identity })
        : new AgentSession(setting, { connection, identity }),
  });
  const life = new LifeLog(log, () => new Set(router.presence.names()), router.now);
  router.conversations.follow((commit) => life.onCommit(commit));
  setInterval(() => life.tick(), presenceMs).unref();
  const clock = setInterval(() => router.tick(), tickMs);
  const address = await listen(server, config.host, config.port).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'something else listens there' : error.message;
    throw new ConfigError([`ROUTER_PORT: cannot listen on ${config.host}:${config.port}: ${why}`]);
  });
  const { healthPort: port, healthHost } = config;
  const probePort =
    port === undefined
      ? undefined
      : await serveProbes(
          { variable: 'ROUTER_HEALTH_PORT', port, host: healthHost, turnAway: filterRequest },
          probes,
        );
  const [ws, http] = tls ? (['wss', 'https'] as const) : (['ws', 'http'] as const);
  log.info(
    {
      url: `${ws}://${address}`,
      console: pageAddress(http, address, env.PARLEY_PAGE),
      ledger: config.ledger,
      tokens: authenticator !== openAuthenticator,
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
      await leave({ router, webSocketServer, graceMs: config.drainSeconds * 1_000 });
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
  const made = tokenCommand(args);
  if ('told' in made) return print([made.told]);
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
