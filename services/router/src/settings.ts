import { choice, integer, logLevels, type Setting, text } from '@parley/kit';
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
import { readPoolRules } from './pools.ts';

const day = 86_400;

const poolRules: Setting<ReturnType<typeof readPoolRules> & object> = {
  ...text('ROUTER_POOLS', {
    help: 'calls and tokens a minute that all agents of a model share: "gpt-4.1-nano=60/100000, *=30"',
    fallback: '',
  }),
  read(raw) {
    const value = readPoolRules(raw ?? '');
    return value ? { value } : { problem: `expected MODEL=CALLS[/TOKENS], …, got ${JSON.stringify(raw)}` };
  },
};

/** Everything an operator can set. `.env.example` and the README are checked against this table. */
export const settings = {
  host: text('ROUTER_HOST', { help: 'address to listen on', fallback: '127.0.0.1' }),
  port: integer('ROUTER_PORT', {
    help: 'TCP port for sockets, pages and probes; 0 picks a free one',
    fallback: defaultPort,
    min: 0,
    max: 65_535,
  }),
  ledger: text('ROUTER_LEDGER', {
    help: 'where conversations are kept: a file, or "memory" to keep nothing',
    fallback: 'data/ledger.sqlite',
  }),
  maxTurns: integer('ROUTER_MAX_TURNS', {
    help: 'lines after which a conversation ends, unless it says otherwise; 0 is no limit',
    fallback: 40,
    min: 0,
    max: 1_000_000_000,
  }),
  maxDurationSeconds: integer('ROUTER_MAX_DURATION_SECONDS', {
    help: 'seconds after which a conversation ends, unless it says otherwise; 0 is no limit',
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
    help: 'what a conversation does when a turn has used up its attempts',
    fallback: 'end',
    of: failureRules,
  }),
  pools: poolRules,
  prices: text('ROUTER_PRICES', {
    help: 'JSON file of dollars per million tokens, over the built-in table: {"MODEL": {"input": 1, "output": 4}}',
    fallback: undefined,
  }),
  framesPerSecond: integer('ROUTER_FRAMES_PER_SECOND', {
    help: 'frames read from one connection per second; faster peers wait; 0 is no limit',
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
    help: 'lines that wait for one plain client that is away',
    fallback: 1_000,
    min: 1,
    max: 1_000_000,
  }),
  mailboxAgeSeconds: integer('ROUTER_MAILBOX_AGE_SECONDS', {
    help: 'how long a line waits for a plain client that is away',
    fallback: day,
    min: 1,
    max: 365 * day,
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
    help: 'seconds that turns under way get when the router is stopped',
    fallback: 10,
    min: 0,
    max: drainMs / 1_000,
  }),
  logLevel: choice('LOG_LEVEL', { help: 'least level that is logged', fallback: 'info', of: logLevels }),
};
