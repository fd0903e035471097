import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Probes } from '@parley/runtime';
import { OtherStreams, type OtherStreamsOptions } from './cluster/other-streams.ts';
import type { ConsoleFile } from './http/handlers/console-files.ts';
import { Control } from './http/handlers/control.ts';
import { ShareLinks } from './http/handlers/share-links.ts';
import { type ConnectionLimitRules, ConnectionLimits } from './http/server/connection-limits.ts';
import { listen, makeHttpServer } from './http/server/http-server.ts';
import { type LoggedRejection, Rejections } from './http/server/rejections.ts';
import {
  makeRequestFilter,
  type RequestFilter,
  type RequestFilterRules,
} from './http/server/request-filter.ts';
import type { Certificate } from './http/server/tls.ts';
import { type Authenticator, openAuthenticator } from './identity/authenticator.ts';
import { Shares, withShares } from './identity/shares.ts';
import { Outgoing } from './quota/outgoing.ts';
import { makeRouter, type Router, type RouterOptions } from './router.ts';
import { AgentSession } from './sessions/agent-session.ts';
import type { LimitDefaults } from './sessions/limit-defaults.ts';
import { PlainSession } from './sessions/plain-session.ts';
import { WriteCoalescer } from './socket/connection.ts';
import { leave } from './socket/drain.ts';
import type { Rate } from './socket/token-bucket.ts';
import { startWebSocketServer } from './socket/websocket-server.ts';
import { Ticker } from './time/ticker.ts';

export interface ServeOptions extends Omit<RouterOptions, 'rejections' | 'onRemoved'> {
  readonly authenticator: Authenticator;
  /** The streams among which the deployment divides its conversations, this router's among them; missing: it has one. */
  readonly streams?: Pick<OtherStreamsOptions, 'own' | 'streams'> | undefined;
  readonly requestFilter: RequestFilterRules;
  readonly connectionLimits: ConnectionLimitRules;
  /** Called for rejected connections and requests, at a bounded rate. */
  readonly onRejection: (rejection: LoggedRejection) => void;
  /** Limits of a conversation that sets none of its own. */
  readonly defaults: LimitDefaults;
  /** The name of this router in the frames with which it accepts a registration. */
  readonly routerName: string;
  /** Files of the console by URL path. */
  readonly console: ReadonlyMap<string, ConsoleFile>;
  /** The server speaks TLS when there is one. */
  readonly certificate?: Certificate | undefined;
  /** Bytes that may wait to be read by all peers together. */
  readonly outgoingBytes: number;
  /** Milliseconds for which a peer may leave its full outgoing queue unread. */
  readonly stalledMs: number;
  readonly registerMs: number;
  readonly heartbeatMs: number;
  /** Frames that are read from one connection. */
  readonly rate: Rate;
}

export interface RunningRouter {
  readonly router: Router;
  readonly server: Server | TlsServer;
  readonly probes: Probes;
  readonly filterRequest: RequestFilter;
  /** Resolves when it is known what the other routers share. To be awaited before `listen` where there are other routers. */
  joined(): Promise<void>;
  /** Resolves with `host:port`; rejects when the port cannot be bound. Port 0 picks a free one. */
  listen(host: string, port: number): Promise<string>;
  /** Grants no more turns, waits at most `graceMs` for the answers to those that are running, then closes all connections. */
  drain(graceMs: number): Promise<void>;
  /**
   * Closes all connections and the port. Requests that are being answered have `graceMs` until they are cut off. To be awaited before
   * the ledger is closed.
   */
  close(graceMs?: number): Promise<void>;
}

const later = (act: () => void, ms: number): (() => void) => {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
};

/**
 * Puts a whole router together: ledger, conversations and their followers, sessions, HTTP and WebSocket server. The only place
 * that does so: `main.ts` and the tests differ in their options. The caller owns the ledger and closes it after the router.
 */
export const serve = (options: ServeOptions): RunningRouter => {
  const { ledger, clock, defaults, routerName, stalledMs } = options;
  const shares = new Shares({
    ...{ ledger, now: clock.wall, onFailure: options.onLedgerFailure },
    table: options.cluster?.table('shares'),
  });
  const authenticator = withShares(options.authenticator, shares);
  const rejections = new Rejections(options.onRejection, clock.monotonic);
  const connectionLimits = new ConnectionLimits(options.connectionLimits, rejections);
  const filterRequest = makeRequestFilter(options.requestFilter, connectionLimits, rejections);
  const writes = new WriteCoalescer();
  const outgoing = new Outgoing({ limit: options.outgoingBytes, flush: () => writes.flush() });
  const router = makeRouter({ ...options, rejections, onRemoved: (id) => shares.forget(id) });
  router.conversations.afterFlush(() => writes.flush());

  const { holds, read } = ledger;
  const otherStreams =
    options.streams &&
    holds &&
    new OtherStreams({ ...options.streams, holds, isHere: (id) => read(id, 0, 1).length > 0 });
  let isDraining = false;
  const probes: Probes = {
    unready: () => (isDraining ? 'draining' : ledger.trouble?.()),
    metrics: router.metrics.registry,
  };
  const http = makeHttpServer(
    {
      ...{ router, ledger, authenticator, filterRequest, rejections, probes, outgoing, stalledMs },
      otherStreams,
      control: new Control(router, defaults, otherStreams),
      shareLinks: new ShareLinks({
        ...{ router, shares },
        needsTokens: options.authenticator !== openAuthenticator,
      }),
      console: options.console,
    },
    options.certificate,
  );
  const { server } = http;
  connectionLimits.watch(server);
  const setting = { router, authenticator, defaults, routerName };
  const webSocketServer = startWebSocketServer(server, {
    ...{ authenticator, filterRequest, rejections, writes, outgoing, clock, stalledMs },
    ...{ metrics: router.metrics, faults: router.faults },
    registerMs: options.registerMs,
    heartbeatMs: options.heartbeatMs,
    rate: options.rate,
    openSession: (dialect, connection, identity) =>
      dialect === 'plain'
        ? new PlainSession(setting, { connection, identity })
        : new AgentSession(setting, { connection, identity }),
  });
  const ticker = new Ticker({
    tick: () => router.tick(),
    isIdle: () => router.conversations.count === 0,
    later,
  });
  router.conversations.follow('ticker', () => ticker.wake());

  return {
    ...{ router, server, probes, filterRequest },
    async joined() {
      await router.sharing?.start();
      await shares.start();
    },
    async listen(host, port) {
      const address = await listen(server, host, port);
      server.on('error', (error) => router.faults.caught('process', 'server', error));
      return address;
    },
    async drain(graceMs) {
      isDraining = true;
      http.drain();
      await leave({ router, webSocketServer, graceMs });
      router.sharing?.stop();
      ticker.stop();
    },
    async close(graceMs = 0) {
      ticker.stop();
      await Promise.all([webSocketServer.close(), http.close(graceMs)]);
      router.sharing?.stop();
      // An act over HTTP may have been the last command.
      await router.conversations.settled();
    },
  };
};
