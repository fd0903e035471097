import {
  defaultPort,
  drainMs,
  failureRules,
  frameBurst,
  framesPerSecond,
  heartbeatMs,
  registerDeadlineMs,
  turnDeadlineMs,
} from '@parley/protocol';
import {
  choice,
  integer,
  logFormats,
  logLevels,
  path,
  probePort,
  type Setting,
  secret,
  text,
  toggle,
  traceSettings,
} from '@parley/runtime';
import { natsPattern, natsSettings } from './ledger/nats-settings.ts';
import { duplicateRules } from './presence/duplicates.ts';
import { readPoolRules } from './quota/pools.ts';

const day = 86_400;

const poolRules: Setting<ReturnType<typeof readPoolRules> & object> = {
  ...text('ROUTER_POOLS', {
    help: 'calls and tokens a minute, and calls at once, that all agents of a model share: "gpt-4.1-nano=60/100000@8, llama=@1, *=30"',
    fallback: '',
  }),
  read(raw) {
    const value = readPoolRules(raw ?? '');
    return value
      ? { value }
      : { problem: `expected MODEL=CALLS[/TOKENS][@AT_ONCE], …, got ${JSON.stringify(raw)}` };
  },
};

const openToggle: Setting<boolean | undefined> = toggle('ROUTER_OPEN', {
  help: 'listen on other addresses than loopback without tokens: only on a private network',
  fallback: false,
});

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: day * 1_000 };

/** Milliseconds; 0 is never. */
const backupEvery: Setting<number> = {
  ...text('ROUTER_BACKUP_EVERY', {
    help: 'how often the ledger is copied to the folder backups beside it: 30m, 6h, 1d; unset: never',
    fallback: '',
  }),
  read(raw) {
    if (raw === undefined) return { value: 0 };
    const [, count, unit] = /^([1-9]\d{0,3})([mhd])$/.exec(raw) ?? [];
    return unit === undefined
      ? { problem: `expected a number and m, h or d, such as 6h, got ${JSON.stringify(raw)}` }
      : { value: Number(count) * (unitMs[unit] ?? 0) };
  },
};

/** All settings of the router. `.env.example` is generated from this table. */
export const settings = {
  host: text('ROUTER_HOST', { help: 'address to listen on', fallback: '127.0.0.1' }),
  port: integer('ROUTER_PORT', {
    help: 'TCP port for sockets, pages and probes; 0 picks a free one',
    fallback: defaultPort,
    min: 0,
    max: 65_535,
  }),
  healthPort: probePort(
    'ROUTER_HEALTH_PORT',
    'port of /healthz, /readyz and /metrics only, without TLS and without tokens',
  ),
  healthHost: text('ROUTER_HEALTH_HOST', {
    help: 'address on which that port listens: loopback or a private network',
    fallback: '127.0.0.1',
  }),
  tokens: secret(
    'ROUTER_TOKENS',
    'one token for all clients, or lines as `parley-router token` prints them; without tokens and keys for JWTs every client is accepted',
  ),
  jwtKey: secret('ROUTER_JWT_KEY', 'public key (PEM) or shared secret that JWTs are signed with'),
  jwks: path('ROUTER_JWKS', {
    except: /^https?:/,
    help: 'https URL or file of the key set that JWTs are signed with',
    fallback: undefined,
  }),
  jwtIssuer: text('ROUTER_JWT_ISSUER', { help: '`iss` that a JWT must have', fallback: undefined }),
  jwtAudience: text('ROUTER_JWT_AUDIENCE', {
    help: '`aud` that a JWT must have; needed with ROUTER_JWKS',
    fallback: undefined,
  }),
  open: {
    ...openToggle,
    shown: '',
    read: (raw, resolve) => (raw === undefined ? { value: undefined } : openToggle.read(raw, resolve)),
  } satisfies Setting<boolean | undefined>,
  hosts: text('ROUTER_HOSTS', {
    help: 'names under which the router is reached, separated by commas, besides localhost and addresses; with tokens and beyond loopback: any',
    fallback: undefined,
  }),
  origins: text('ROUTER_ORIGINS', {
    help: 'origins of web pages that may connect besides its own, separated by commas',
    fallback: undefined,
    pattern: /^https?:\/\/[^/,\s]+(?:,https?:\/\/[^/,\s]+)*$/,
    expected: 'origins such as https://chat.example, separated by commas',
  }),
  tlsCert: path('ROUTER_TLS_CERT', {
    help: 'file with the certificate chain (PEM); with ROUTER_TLS_KEY the router speaks TLS; read again when it changes',
    fallback: undefined,
  }),
  tlsKey: path('ROUTER_TLS_KEY', { help: 'file with the key of the certificate (PEM)', fallback: undefined }),
  maxConnections: integer('ROUTER_MAX_CONNECTIONS', {
    help: 'connections that may be open at once; 0 is no limit',
    fallback: 20_000,
    min: 0,
    max: 10_000_000,
  }),
  maxConnectionsPerAddress: integer('ROUTER_MAX_CONNECTIONS_PER_ADDRESS', {
    help: 'the same for one address; 0 is no limit; default 1000, but no limit on loopback, where all clients have one address',
    fallback: undefined,
    min: 0,
    max: 10_000_000,
  }),
  duplicates: choice('ROUTER_DUPLICATES', {
    help: 'a second connection with the same name is another replica (of a plain client: a takeover), is rejected, or takes the name over',
    fallback: 'replicas',
    of: duplicateRules,
  }),
  maxConversations: integer('ROUTER_MAX_CONVERSATIONS', {
    help: 'conversations that may run or be paused at once; 0 is no limit',
    fallback: 50_000,
    min: 0,
    max: 10_000_000,
  }),
  maxConversationsPerOpener: integer('ROUTER_MAX_CONVERSATIONS_PER_OPENER', {
    help: 'the same for one opener; 0 is no limit',
    fallback: 10_000,
    min: 0,
    max: 10_000_000,
  }),
  ledger: path('ROUTER_LEDGER', {
    except: new RegExp(`^memory$|${natsPattern.source}`),
    help: 'where conversations are kept: a file, servers of NATS JetStream (nats://HOST:4222,nats://…), or "memory" to keep nothing',
    fallback: 'data/ledger.sqlite',
  }),
  ...natsSettings,
  backupEvery,
  backupKeep: integer('ROUTER_BACKUP_KEEP', {
    help: 'how many of the newest of these copies are kept',
    fallback: 7,
    min: 1,
    max: 100_000,
  }),
  retentionDays: integer('ROUTER_RETENTION_DAYS', {
    help: 'days that a conversation is kept after it has ended; 0 keeps all',
    fallback: 0,
    min: 0,
    max: 36_500,
  }),
  retentionMegabytes: integer('ROUTER_RETENTION_MB', {
    help: 'size of the ledger above which ended conversations are removed, in the order in which they ended; 0 keeps all',
    fallback: 0,
    min: 0,
    max: 1_000_000_000,
  }),
  maxTurns: integer('ROUTER_MAX_TURNS', {
    help: 'turns after which a conversation ends, unless it sets its own limit; 0 is no limit',
    fallback: 40,
    min: 0,
    max: 1_000_000_000,
  }),
  maxDurationSeconds: integer('ROUTER_MAX_DURATION_SECONDS', {
    help: 'seconds after which a conversation ends, unless it sets its own limit; 0 is no limit',
    fallback: 1_800,
    min: 0,
    max: 365 * day,
  }),
  turnDeadlineSeconds: integer('ROUTER_TURN_DEADLINE_SECONDS', {
    help: 'seconds an agent has to answer a grant',
    fallback: turnDeadlineMs / 1_000,
    min: 1,
    max: 3_600,
  }),
  maxAttempts: integer('ROUTER_MAX_ATTEMPTS', {
    help: 'how often one turn is granted before ROUTER_ON_FAILURE applies',
    fallback: 5,
    min: 1,
    max: 1_000,
  }),
  onFailure: choice('ROUTER_ON_FAILURE', {
    help: 'what a conversation does when all attempts at a turn have failed',
    fallback: 'end',
    of: failureRules,
  }),
  maxRepetitionPercent: integer('ROUTER_MAX_REPETITION_PERCENT', {
    help: 'percent; messages more alike than this to earlier ones count as repetition in conversations that do not say it themselves (scenarios and our agents do); 0 is off',
    fallback: 0,
    min: 0,
    max: 100,
  }),
  pools: poolRules,
  prices: path('ROUTER_PRICES', {
    help: 'JSON file of dollars per million tokens, over the built-in table: {"MODEL": {"input": 1, "output": 4}}',
    fallback: undefined,
  }),
  framesPerSecond: integer('ROUTER_FRAMES_PER_SECOND', {
    help: 'frames read from one connection per second; reading from a faster peer is delayed; 0 is no limit',
    fallback: framesPerSecond,
    min: 0,
    max: 1_000_000,
  }),
  frameBurst: integer('ROUTER_FRAME_BURST', {
    help: 'frames that one connection may send at once',
    fallback: frameBurst,
    min: 1,
    max: 1_000_000,
  }),
  mailboxLimit: integer('ROUTER_MAILBOX_LIMIT', {
    help: 'messages that wait for one plain client that is not connected',
    fallback: 1_000,
    min: 1,
    max: 1_000_000,
  }),
  mailboxMegabytes: integer('ROUTER_MAILBOX_MB', {
    help: 'megabytes of messages that wait for one plain client that is not connected',
    fallback: 8,
    min: 1,
    max: 1_000_000,
  }),
  mailboxesLimit: integer('ROUTER_MAILBOXES_LIMIT', {
    help: 'messages that wait for all plain clients that are not connected',
    fallback: 100_000,
    min: 1,
    max: 10_000_000,
  }),
  mailboxesMegabytes: integer('ROUTER_MAILBOXES_MB', {
    help: 'megabytes of messages that wait for all plain clients that are not connected',
    fallback: 256,
    min: 1,
    max: 1_000_000,
  }),
  mailboxAgeSeconds: integer('ROUTER_MAILBOX_AGE_SECONDS', {
    help: 'seconds that a message waits for a plain client that is not connected',
    fallback: day,
    min: 1,
    max: 365 * day,
  }),
  outgoingMegabytes: integer('ROUTER_OUTGOING_MB', {
    help: 'megabytes that may wait to be read by all peers together; above it the peers with the longest queues are cut off',
    fallback: 64,
    min: 1,
    max: 1_000_000,
  }),
  registerSeconds: integer('ROUTER_REGISTER_SECONDS', {
    help: 'seconds a new connection has to register',
    fallback: registerDeadlineMs / 1_000,
    min: 1,
    max: 600,
  }),
  heartbeatSeconds: integer('ROUTER_HEARTBEAT_SECONDS', {
    help: 'seconds between pings; a peer that misses two is cut off',
    fallback: heartbeatMs / 1_000,
    min: 1,
    max: 600,
  }),
  drainSeconds: integer('ROUTER_DRAIN_SECONDS', {
    help: 'seconds for the running turns when the router is stopped',
    fallback: 10,
    min: 0,
    max: drainMs / 1_000,
  }),
  logLevel: choice('LOG_LEVEL', { help: 'minimum level that is logged', fallback: 'info', of: logLevels }),
  logFormat: choice('LOG_FORMAT', {
    help: 'json: one object a line, for programs; pretty: lines for people',
    of: logFormats,
    fallback: 'json',
  }),
  ...traceSettings,
};
