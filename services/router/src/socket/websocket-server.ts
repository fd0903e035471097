import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { maxFrameBytes, subprotocol } from '@parley/protocol';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Rejections } from '../http/rejections.ts';
import type { RequestFilter } from '../http/request-filter.ts';
import type { Authenticator, Verdict } from '../identity/authenticator.ts';
import type { Identity } from '../identity/identity.ts';
import { presentedToken } from '../identity/presented-token.ts';
import type { RouterMetrics } from '../metrics.ts';
import type { Outgoing } from '../quota/outgoing.ts';
import type { Session } from '../sessions/session.ts';
import { AcceptQueue } from './accept-queue.ts';
import { SocketConnection, type WriteCoalescer } from './connection.ts';
import { FairShare } from './fair-share.ts';
import { Peer } from './peer.ts';
import type { Rate } from './token-bucket.ts';

export interface WebSocketServerOptions {
  readonly registerMs: number;
  readonly heartbeatMs: number;
  /** How long a peer may leave more than the outgoing buffer unread. */
  readonly stalledMs: number;
  readonly rate: Rate;
  readonly metrics: RouterMetrics;
  readonly writes: WriteCoalescer;
  readonly outgoing: Outgoing;
  readonly faults: Faults;
  readonly authenticator: Authenticator;
  readonly filterRequest: RequestFilter;
  readonly rejections: Rejections;
  readonly clock: Clock;
  /** `identity`: who the handshake said it is; undefined when it showed no token. */
  openSession(dialect: 'plain' | 'v1', connection: SocketConnection, identity: Identity | undefined): Session;
}

export interface WebSocketServerHandle {
  /** Tells everybody that the router is about to leave. New connections are refused. */
  drain(graceMs: number): void;
  /** Sends everybody away, to come back at once. Resolves when what they had sent by then has been heard. */
  close(): Promise<void>;
}

/** A peer that announces a larger frame than this is cut off unheard; up to it, a clear refusal is sent. */
const hardFrameLimit = 4 * maxFrameBytes;
const sweepMs = 1_000;
/** A withdrawn token ends its connections within a second, the time in which that is noticed included. */
const tokenSweepMs = 250;
/** A peer that was told to leave is cut off when it has not left after this. */
const closeGraceMs = 2_000;

/** `closeTimeout` is newer than the types. */
const socketOptions: ServerOptions & { closeTimeout: number } = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: hardFrameLimit,
  closeTimeout: closeGraceMs,
  maxFragments: 1_024,
  // A lawful frame may come in pieces of eight bytes.
  maxBufferedChunks: maxFrameBytes / 8,
  handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
};

/** Which dialect the offer asks for; undefined when it asks for none that we know (PROTOCOL §2.2). */
const dialectOf = (request: IncomingMessage): 'plain' | 'v1' | undefined => {
  const offered = request.headers['sec-websocket-protocol'];
  if (offered === undefined) return 'plain';
  return offered.split(',').some((one) => one.trim() === subprotocol) ? 'v1' : undefined;
};

const refuseUpgrade = (socket: Duplex, status: string, message: string): void => {
  const body = `${message}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
};
const statusTexts = { 400: '400 Bad Request', 403: '403 Forbidden', 503: '503 Service Unavailable' } as const;

/** All socket I/O: sockets in, sessions out. Heartbeat, deadlines, rates and slow readers are kept here. */
export const startWebSocketServer = (
  server: Server,
  options: WebSocketServerOptions,
): WebSocketServerHandle => {
  const { metrics, writes, outgoing, faults, authenticator, rate, registerMs, rejections, clock } = options;
  const guests = new Set<Peer>();
  const fairShare = new FairShare(clock.monotonic);
  const entrance = new AcceptQueue();
  let whenEmpty = (): void => {};
  const onGone = (peer: Peer) => {
    guests.delete(peer);
    if (guests.size === 0) whenEmpty();
  };
  const setting = { rate, clock, registerMs, metrics, fairShare, faults, rejections, onGone };
  let draining = false;
  let arrived = 0;
  const wss = new WebSocketServer(socketOptions);

  const welcome = (
    ws: WebSocket,
    socket: Duplex,
    dialect: 'plain' | 'v1',
    verdict: Verdict | undefined,
    address: string | undefined,
  ): void => {
    const connection = new SocketConnection(ws, socket, writes, outgoing);
    const session = options.openSession(dialect, connection, verdict?.ok ? verdict.identity : undefined);
    guests.add(new Peer(ws, connection, session, setting, arrived++, address));
    if (!verdict || verdict.ok) return;
    metrics.refused(verdict.code);
    // Not an HTTP status, because a browser's page is not told that, and a client is to know whether to come back.
    connection.close(verdict.code);
  };

  const admit = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const address = request.socket.remoteAddress;
    const turnedAway = options.filterRequest(request);
    if (turnedAway) {
      metrics.refused(turnedAway.code);
      return refuseUpgrade(socket, statusTexts[turnedAway.status], turnedAway.message);
    }
    const dialect = dialectOf(request);
    if (!dialect) {
      // What was offered is not told: a token may stand in it.
      rejections.note({ reason: 'subprotocol', address });
      return refuseUpgrade(socket, statusTexts[400], `supported subprotocols: ${subprotocol}`);
    }
    const token = presentedToken(request);
    const verdict = token === undefined ? undefined : await authenticator.identify(token);
    if (draining) {
      rejections.note({ reason: 'draining', address });
      return refuseUpgrade(socket, statusTexts[503], 'draining');
    }
    wss.handleUpgrade(request, socket, head, (ws) => welcome(ws, socket, dialect, verdict, address));
  };

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    entrance.queue(() => {
      if (socket.destroyed) return;
      admit(request, socket, head).catch((error: unknown) => {
        faults.caught('session', 'handshake', error);
        socket.destroy();
      });
    });
  });

  /** An agent sends again what was not accepted; what a plain client has just sent is still heard. */
  const sendAway = ({ connection, session }: Peer) =>
    session.dialect === 'plain'
      ? connection.close('heartbeat-timeout')
      : connection.terminate('heartbeat-timeout');

  let sweeps = 0;
  const beatEvery = Math.max(1, Math.round(options.heartbeatMs / sweepMs));
  const sweep = () => {
    const now = clock.monotonic();
    sweeps++;
    for (const peer of guests) {
      const { connection, session, number } = peer;
      if (connection.stalledFor(now) >= options.stalledMs) connection.close('slow-consumer');
      // Spread over the period, so that ten thousand pings do not go out in one turn.
      if ((number + sweeps) % beatEvery !== 0 || connection.isPaused) continue;
      if (connection.isSilent && !session.mayBeSilent()) sendAway(peer);
      connection.missedPongs++;
      connection.ping();
    }
  };
  const sweeper = setInterval(() => faults.guard('timer', 'connections', sweep), sweepMs);
  const sweepTokens = () => {
    const now = clock.wall();
    for (const { connection, session } of guests)
      if (session.identity?.isValid(now) === false) connection.close('unauthenticated');
  };
  const tokenSweeper = setInterval(() => faults.guard('timer', 'tokens', sweepTokens), tokenSweepMs);

  return {
    drain(graceMs) {
      draining = true;
      for (const { session } of guests) session.drain(graceMs);
    },
    async close() {
      draining = true;
      clearInterval(sweeper);
      clearInterval(tokenSweeper);
      for (const { connection } of guests) connection.close('draining');
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, closeGraceMs);
      whenEmpty = resolve;
      if (guests.size === 0) resolve();
      await promise;
      clearTimeout(timer);
    },
  };
};
