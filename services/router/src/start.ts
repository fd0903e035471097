import { statfsSync } from 'node:fs';
import { Server as TlsServer } from 'node:https';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { stalledMs } from '@parley/protocol';
import {
  ConfigError,
  type Logger,
  loadSettings,
  openLogger,
  openTracing,
  parleyVariables,
  serveProbes,
  wantsColour,
} from '@parley/runtime';
import manifest from '../package.json' with { type: 'json' };
import { ClusterJoin } from './cluster/join-cluster.ts';
import { dividedStreams } from './cluster/streams.ts';
import { LifeLog, pageAddress } from './delivery/life-log.ts';
import { loadConsole } from './http/handlers/console-files.ts';
import { bindPolicyOf } from './http/server/bind-policy.ts';
import { followCertificate, openTls } from './http/server/tls.ts';
import { openAuthenticator } from './identity/authenticator.ts';
import { configuredAuthenticator } from './identity/configured-authenticator.ts';
import { ScheduledBackup } from './ledger/commands/scheduled-backup.ts';
import type { Ledger } from './ledger/ledger.ts';
import { ledgerFile, openLedger } from './ledger/open-ledger.ts';
import { Pools } from './quota/pools.ts';
import { loadPrices } from './quota/prices.ts';
import { type ServeOptions, serve } from './serve.ts';
import { settings } from './settings.ts';
import { freeStartGarbage } from './start-garbage.ts';
import { systemClock } from './time/clock.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Config = ReturnType<typeof readConfig>;

export interface StartedRouter {
  readonly log: Logger;
  readonly ledger: Ledger;
  /** The file of the ledger, or of its local copy; `memory` when there is none. */
  readonly ledgerPath: string;
  /** Where the router listens: the fields of the line `listening`, which is logged when the process handles its signals. */
  readonly listening: Readonly<Record<string, unknown>>;
  /** Milliseconds after which `stop` is over. */
  readonly stopsWithinMs: number;
  stop(): Promise<void>;
  /** To be called for errors that nothing in the process has caught. */
  onFault(error: unknown): void;
}

/** The time after which the objects of the start are garbage. */
const settledMs = 3_000;
const presenceMs = 1_000;
/** How long the responses that are being made may take when the router stops. */
const responsesMs = 2_000;
const megabyte = 1024 * 1024;
const dayMs = 86_400_000;

/** Bytes that are free on the disk of the ledger. */
const freeBytes = (config: Config): number | undefined => {
  const file = ledgerFile(config);
  if (file === undefined) return undefined;
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize;
  } catch {
    // The folder does not exist any more: the next write to the ledger reports that.
    return undefined;
  }
};

const readConfig = (env: Env) =>
  loadSettings(settings, env, {
    prefixes: ['ROUTER_'],
    foreign: ['ROUTER_URL'],
    neighbours: parleyVariables,
  });

/** The options of a router in units that the code uses. The folder of the console stands beside the program. */
const optionsOf = (
  config: Config,
  programFolder: string,
): Omit<
  ServeOptions,
  | 'ledger'
  | 'authenticator'
  | 'requestFilter'
  | 'connectionLimits'
  | 'certificate'
  | 'onRejection'
  | 'onLedgerFailure'
  | 'onFault'
  | 'streams'
> => ({
  clock: systemClock,
  version: manifest.version,
  freeBytes: () => freeBytes(config),
  prices: loadPrices(config.prices),
  pools: new Pools(config.pools),
  mailboxLimits: {
    each: { messages: config.mailboxLimit, bytes: config.mailboxMegabytes * megabyte },
    all: { messages: config.mailboxesLimit, bytes: config.mailboxesMegabytes * megabyte },
    maxAgeMs: config.mailboxAgeSeconds * 1_000,
  },
  runningLimits: { total: config.maxConversations, perOpener: config.maxConversationsPerOpener },
  retention: { maxAgeMs: config.retentionDays * dayMs, maxBytes: config.retentionMegabytes * megabyte },
  defaults: {
    maxTurns: config.maxTurns,
    maxDurationMs: config.maxDurationSeconds * 1_000,
    stopPhrases: [],
    maxAttempts: config.maxAttempts,
    maxRepetition: config.maxRepetitionPercent / 100,
    onFailure: config.onFailure,
    turnDeadlineMs: config.turnDeadlineSeconds * 1_000,
  },
  duplicates: config.duplicates,
  routerName: hostname(),
  console: loadConsole([join(programFolder, 'console'), join(programFolder, '../../../apps/console/dist')]),
  outgoingBytes: config.outgoingMegabytes * megabyte,
  stalledMs,
  registerMs: config.registerSeconds * 1_000,
  heartbeatMs: config.heartbeatSeconds * 1_000,
  rate: { perSecond: config.framesPerSecond, burst: config.frameBurst },
});

const backUpOnSchedule = (config: Config, ledger: Ledger, log: Logger): void => {
  const path = ledgerFile(config);
  if (config.backupEvery === 0 || path === undefined) return;
  new ScheduledBackup({
    ledger,
    path,
    everyMs: config.backupEvery,
    keep: config.backupKeep,
    log,
    now: systemClock.wall,
    later: (act, ms) => void setTimeout(act, ms).unref(),
  }).start();
};

/** Reads the settings, opens what they name and runs the router. Rejects with a ConfigError that lists every wrong setting. */
export const start = async (env: Env, program: string): Promise<StartedRouter> => {
  const config = readConfig(env);
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
  const tls = openTls(config.tlsCert, config.tlsKey);
  const options = optionsOf(config, dirname(program));
  const tracing = await openTracing({ settings: config, service: 'router', version: options.version }, log);
  const streams = dividedStreams(config);
  const joining = new ClusterJoin(config, systemClock.wall);
  const ledger = await openLedger(config, log, joining.join);
  backUpOnSchedule(config, ledger, log);
  const running = serve({
    ...options,
    ...bindPolicy,
    ...(env.PARLEY_REVISION && { revision: env.PARLEY_REVISION }),
    tracing,
    ledger,
    cluster: joining.cluster,
    streams,
    authenticator: tokenAuthenticator ?? openAuthenticator,
    certificate: tls?.certificate,
    onRejection: (rejection) => log.info(rejection, 'rejected'),
    onLedgerFailure: (error) => log.error({ err: error }, 'the ledger failed'),
    onFault: ({ place, about, error }) =>
      log.error({ err: error, place, about }, 'an unexpected error was caught'),
  });
  const { server, router, probes, filterRequest } = running;
  if (tls && server instanceof TlsServer) followCertificate(server, tls.files, log);
  const { traces } = router;
  const life = new LifeLog(
    log,
    () => new Set(router.presence.namesHere()),
    router.now,
    (conversation) => traces?.idsOf(conversation),
  );
  router.conversations.follow('life', (commit) => life.onCommit(commit));
  setInterval(() => life.tick(), presenceMs).unref();

  await running.joined();
  const { host, port, healthHost, healthPort } = config;
  const address = await running.listen(host, port).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
    throw new ConfigError([`ROUTER_PORT: cannot listen on ${host}:${port}: ${why}`]);
  });
  const probeServer =
    healthPort === undefined
      ? undefined
      : await serveProbes(
          { variable: 'ROUTER_HEALTH_PORT', port: healthPort, host: healthHost, refuse: filterRequest },
          probes,
        );
  const [ws, http] = tls ? (['wss', 'https'] as const) : (['ws', 'http'] as const);
  const listening = {
    url: `${ws}://${address}`,
    console: pageAddress(http, address, env.PARLEY_PAGE),
    ledger: config.ledger,
    tokens: tokenAuthenticator !== undefined,
    ...(probeServer && { health: `http://${healthHost}:${probeServer.port}` }),
  };

  // A router that is busy by then needs the memory, and its turns must not be delayed.
  setTimeout(() => {
    if (router.conversations.count === 0) freeStartGarbage();
  }, settledMs).unref();

  const drainMs = config.drainSeconds * 1_000;
  return {
    ...{ log, ledger, listening, ledgerPath: ledgerFile(config) ?? 'memory' },
    stopsWithinMs: drainMs + 5_000,
    onFault: (error) => router.faults.caught('process', 'uncaught', error),
    async stop() {
      await running.drain(drainMs);
      await running.close(responsesMs);
      probeServer?.close();
      await tracing?.stop();
      await ledger.leave?.();
      ledger.close();
    },
  };
};
