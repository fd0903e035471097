import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { maxFrameBytes, subprotocol } from '@parley/protocol';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Faults } from '../faults.ts';
import type { Rejections } from '../http/server/rejections.ts';
import type { RequestFilter } from '../http/server/request-filter.ts';
import type { Authenticator, Verdict } from '../identity/authenticator.ts';
import type { Identity } from '../identity/identity.ts';
import { presentedToken } from '../identity/presented-token.ts';
import type { RouterMetrics } from '../metrics.ts';
import type { Outgoing } from '../quota/outgoing.ts';
import type { Session } from '../sessions/session.ts';
import type { Clock } from '../time/clock.ts';
import { AcceptQueue } from './accept-queue.ts';
import { SocketConnection, type WriteCoalescer } from './connection.ts';
import { FairShare } from './fair-share.ts';
import { Peer } from './peer.ts';
import type { Rate } from './token-bucket.ts';

export interface WebSocketServerOptions {
  readonly registerMs: number;
  readonly heartbeatMs: number;
  /** Milliseconds for which a peer may leave its full outgoing queue unread. */
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
  /** `identity`: of the token in the handshake; undefined when there was none. */
  openSession(dialect: 'plain' | 'v1', connection: SocketConnection, identity: Identity | undefined): Session;
}

export interface WebSocketServerHandle {
  /** Tells every agent that the router is about to stop. New connections are refused. */
  drain(graceMs: number): void;
  /** Closes all connections with `draining`: clients reconnect at once. Resolves when the frames that they had sent were received. */
  close(): Promise<void>;
}

/** Larger frames close the socket. Frames between `maxFrameBytes` and this are refused as `too-large`. */
const hardFrameLimit = 4 * maxFrameBytes;
const sweepMs = 1_000;
/** A withdrawn token ends its connections within a second, including the time until the change is seen. */
const tokenSweepMs = 250;
/** A peer that does not answer the close frame is cut off after this. */
const closeGraceMs = 2_000;

/** The types do not know `closeTimeout` yet. */
const socketOptions: ServerOptions & { closeTimeout: number } = {
  noServer: true,
  clientTracking: false,
  // `ws` ends the connection of a peer that sends more than a few pings at once.
  autoPong: false,
  perMessageDeflate: false,
  maxPayload: hardFrameLimit,
  closeTimeout: closeGraceMs,
  maxFragments: 1_024,
  // A valid frame may arrive in pieces of eight bytes.
  maxBufferedChunks: maxFrameBytes / 8,
  handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
};

/** The dialect that the offered subprotocols ask for; undefined when the router knows none of them (PROTOCOL §2.2). */
const dialectOf = (request: IncomingMessage): 'plain' | 'v1' | undefined => {
  const offered = request.headers['sec-websocket-protocol'];
  if (offered === undefined) return 'plain';
  return offered.split(',').some((one) => one.trim() === subprotocol) ? 'v1' : undefined;
};

/** The timeouts of the HTTP server do not apply to a socket after `upgrade`, so a peer that keeps it open is cut off. */
const refuseUpgrade = (socket: Duplex, status: string, message: string): void => {
  const body = `${message}\n`;
  const timer = setTimeout(() => socket.destroy(), closeGraceMs);
  socket.once('close', () => clearTimeout(timer));
  // The end of the peer's side is noticed only by a socket that is read.
  socket.resume();
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
};
const statusTexts = { 400: '400 Bad Request', 403: '403 Forbidden', 503: '503 Service Unavailable' } as const;

/** All I/O of WebSockets: handshake, heartbeat, deadlines, rates and slow readers. Frames go to sessions. */
export const startWebSocketServer = (
  server: Server,
  options: WebSocketServerOptions,
): WebSocketServerHandle => {
  const { metrics, writes, outgoing, faults, authenticator, rate, registerMs, rejections, clock } = options;
  const peers = new Set<Peer>();
  const fairShare = new FairShare(clock.monotonic);
  const acceptQueue = new AcceptQueue();
  let whenEmpty = (): void => {};
  const onGone = (peer: Peer) => {
    peers.delete(peer);
    if (peers.size === 0) whenEmpty();
  };
  const peerOptions = { rate, clock, registerMs, metrics, fairShare, faults, rejections, onGone };
  let draining = false;
  let accepted = 0;
  const wss = new WebSocketServer(socketOptions);
  wss.on('wsClientError', (error, socket, request) => {
    rejections.note({ reason: 'malformed', address: request.socket.remoteAddress });
    refuseUpgrade(socket, statusTexts[400], error.message);
  });

  const openPeer = (
    ws: WebSocket,
    socket: Duplex,
    dialect: 'plain' | 'v1',
    verdict: Verdict | undefined,
    address: string | undefined,
  ): void => {
    const connection = new SocketConnection(ws, socket, writes, outgoing);
    const session = options.openSession(dialect, connection, verdict?.ok ? verdict.identity : undefined);
    peers.add(new Peer(ws, connection, session, peerOptions, accepted++, address));
    if (!verdict || verdict.ok) return;
    metrics.refused(verdict.code);
    // A close code and no HTTP status: a page in a browser cannot read the status of a failed handshake.
    connection.close(verdict.code);
  };

  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const address = request.socket.remoteAddress;
    const rejected = options.filterRequest(request);
    if (rejected) {
      metrics.refused(rejected.code);
      return refuseUpgrade(socket, statusTexts[rejected.status], rejected.message);
    }
    const dialect = dialectOf(request);
    if (!dialect) {
      // The offer is not logged: it may hold a token.
      rejections.note({ reason: 'subprotocol', address });
      return refuseUpgrade(socket, statusTexts[400], `supported subprotocols: ${subprotocol}`);
    }
    const token = presentedToken(request);
    const verdict = token === undefined ? undefined : await authenticator.identify(token);
    if (draining) {
      rejections.note({ reason: 'draining', address });
      return refuseUpgrade(socket, statusTexts[503], 'draining');
    }
    wss.handleUpgrade(request, socket, head, (ws) => openPeer(ws, socket, dialect, verdict, address));
  };

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    acceptQueue.add(() => {
      if (socket.destroyed) return;
      accept(request, socket, head).catch((error: unknown) => {
        faults.caught('session', 'handshake', error);
        socket.destroy();
      });
    });
  });

  /** An agent repeats what was not accepted. What a plain client has just sent is still received. */
  const endSilent = ({ connection, session }: Peer) =>
    session.dialect === 'plain'
      ? connection.close('heartbeat-timeout')
      : connection.terminate('heartbeat-timeout');

  let sweeps = 0;
  const beatEvery = Math.max(1, Math.round(options.heartbeatMs / sweepMs));
  const sweep = () => {
    const now = clock.monotonic();
    sweeps++;
    for (const peer of peers) {
      const { connection, session, number } = peer;
      if (connection.stalledFor(now) >= options.stalledMs) connection.close('slow-consumer');
      // Spread over the period, so that ten thousand pings are not sent in one event-loop iteration.
      if ((number + sweeps) % beatEvery !== 0 || connection.isPaused) continue;
      if (connection.isSilent && !session.mayBeSilent()) endSilent(peer);
      connection.missedPongs++;
      connection.ping();
    }
  };
  const sweeper = setInterval(() => faults.guard('timer', 'connections', sweep), sweepMs);
  const sweepTokens = () => {
    const now = clock.wall();
    for (const { connection, session } of peers)
      if (session.identity?.isValid(now) === false) connection.close('unauthenticated');
  };
  const tokenSweeper = setInterval(() => faults.guard('timer', 'tokens', sweepTokens), tokenSweepMs);

  return {
    drain(graceMs) {
      draining = true;
      for (const { session } of peers) session.drain(graceMs);
    },
    async close() {
      draining = true;
      clearInterval(sweeper);
      clearInterval(tokenSweeper);
      for (const { connection } of peers) connection.close('draining');
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, closeGraceMs);
      whenEmpty = resolve;
      if (peers.size === 0) resolve();
      await promise;
      clearTimeout(timer);
    },
  };
};
