import { hostname } from 'node:os';
import { ConfigError, type Logger, type Values } from '@parley/runtime';
import type { LedgerEvent } from './jetstream/open-jetstream.ts';
import type { StreamAccess, StreamEngine } from './jetstream/stream-access.ts';
import type { Ledger } from './ledger.ts';
import { openMemoryLedger } from './memory.ts';
import { natsPattern, type natsSettings } from './nats-settings.ts';
import { openSqliteLedger } from './sqlite.ts';

/** `ledger` is the value of ROUTER_LEDGER. */
export type LedgerConfig = Values<typeof natsSettings> & { readonly ledger: string };

/** The file whose disk space the ledger uses; undefined for a ledger in memory. */
export const ledgerFile = ({
  ledger,
  natsProjection,
}: Pick<LedgerConfig, 'ledger' | 'natsProjection'>): string | undefined => {
  if (ledger === 'memory') return undefined;
  return natsPattern.test(ledger) ? natsProjection : ledger;
};

const serversOf = (ledger: string): string[] =>
  ledger.split(',').map((one) => {
    const server = one.trim();
    const url = natsPattern.test(server) && URL.canParse(server) ? new URL(server) : undefined;
    if (!url?.hostname)
      throw new ConfigError([
        'ROUTER_LEDGER: expected servers such as nats://HOST:4222, separated by commas',
      ]);
    // The value is logged.
    if (url.username || url.password)
      throw new ConfigError([
        'ROUTER_LEDGER: has a user or a password in it: set ROUTER_NATS_USER and ROUTER_NATS_PASSWORD',
      ]);
    return server;
  });

const logEvent =
  (log: Logger) =>
  (event: LedgerEvent): void => {
    switch (event.type) {
      case 'risk':
        log.warn({ risk: event.risk }, 'the stream can lose entries');
        return;
      case 'waiting':
        log.warn({ holder: event.holder }, 'waiting for the lease of another router');
        return;
      case 'reading':
        log.info({ message: event.sequence, of: event.of }, 'reading the stream');
        return;
      case 'link':
        if (event.isConnected) log.info('connected to NATS again');
        else log.error('the connection to NATS is lost');
        return;
      default:
        event satisfies never;
    }
  };

/**
 * Opens the ledger that the settings name. Rejects with a ConfigError when the operator has to act. `join`: joins the other
 * routers, when several use the stream.
 */
export const openLedger = async (
  config: LedgerConfig,
  log: Logger,
  join?: (engine: StreamEngine) => Promise<StreamAccess>,
): Promise<Ledger> => {
  const { ledger } = config;
  if (ledger === 'memory') return openMemoryLedger();
  if (!natsPattern.test(ledger)) return openSqliteLedger(ledger);
  const servers = serversOf(ledger);
  // Nothing of NATS is loaded where it is not used.
  const { openJetStreamLedger } = await import('./jetstream/open-jetstream.ts');
  return openJetStreamLedger({
    access: {
      servers,
      credentials: config.natsCredentials,
      user: config.natsUser,
      password: config.natsPassword,
      ca: config.natsCa,
      cert: config.natsCert,
      key: config.natsKey,
    },
    stream: config.natsStream,
    replicas: config.natsReplicas,
    monitor: config.natsMonitor,
    acceptsLoss: config.natsAcceptLoss,
    projection: config.natsProjection,
    name: hostname(),
    lease: { leaseMs: config.natsLeaseSeconds * 1_000 },
    join,
    onEvent: logEvent(log),
    onFailure: (error) => log.error({ err: error }, 'the ledger failed'),
  });
};
