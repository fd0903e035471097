import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { maxBufferedBytes, maxFrameBytes, stalledMs, subprotocol } from '@parley/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { SocketConnection, type Writes } from './connection.ts';
import type { RouterMetrics } from './metrics.ts';
import type { Session } from './sessions/session.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

export interface DoorOptions {
  readonly registerMs: number;
  readonly heartbeatMs: number;
  readonly rate: Rate;
  readonly metrics: RouterMetrics;
  readonly writes: Writes;
  openSession(dialect: 'plain' | 'v1', connection: SocketConnection): Session;
}

export interface Door {
  /** Tells everybody that the router is about to leave. New connections are refused. */
  drain(graceMs: number): void;
  /** Sends everybody away, to come back at once. */
  close(): void;
}

interface Guest {
  readonly ws: WebSocket;
  readonly connection: SocketConnection;
  readonly session: Session;
  readonly bucket: TokenBucket;
  readonly since: number;
}

/** A peer that announces a larger frame than this is cut off unheard; up to it, a clear refusal is sent. */
const hardFrameLimit = 4 * maxFrameBytes;
const sweepMs = 1_000;

/** Which dialect the offer asks for; undefined when it asks for none that we know (PROTOCOL §2.2). */
const dialectOf = (request: IncomingMessage): 'plain' | 'v1' | undefined => {
  const offered = request.headers['sec-websocket-protocol'];
  if (offered === undefined) return 'plain';
  return offered.split(',').some((one) => one.trim() === subprotocol) ? 'v1' : undefined;
};

const refuseUpgrade = (socket: Duplex, status: string, body: string): void => {
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
};

/** All socket I/O: sockets in, sessions out. Heartbeat, deadlines, rates and slow readers are kept here. */
export const openDoor = (server: Server, options: DoorOptions): Door => {
  const { metrics, writes } = options;
  const guests = new Set<Guest>();
  let draining = false;
  const wss = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: hardFrameLimit,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });

  const welcome = (ws: WebSocket, socket: Duplex, dialect: 'plain' | 'v1') => {
    const connection = new SocketConnection(ws, socket, writes);
    const session = options.openSession(dialect, connection);
    const guest: Guest = {
      ws,
      connection,
      session,
      bucket: new TokenBucket(options.rate),
      since: Date.now(),
    };
    guests.add(guest);
    metrics.connections[dialect]++;
    ws.on('message', (data, isBinary) => {
      if (connection.closing) return;
      if (isBinary) return ws.close(1003, 'text frames only');
      metrics.frames[dialect]++;
      session.receive(String(data));
      const waitMs = guest.bucket.take(Date.now());
      if (waitMs === 0) return;
      connection.pause();
      setTimeout(() => connection.resume(), waitMs);
    });
    ws.on('pong', (payload) => {
      connection.missedPongs = 0;
      session.ponged(String(payload));
    });
    // A socket without this listener would take the process down with it.
    ws.on('error', () => ws.terminate());
    ws.on('close', (code) => {
      guests.delete(guest);
      metrics.connections[dialect]--;
      metrics.disconnected(code);
      session.closed(!connection.closing && (code === 1000 || code === 1001 || code === 1005));
    });
  };

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const dialect = dialectOf(request);
    if (draining) return refuseUpgrade(socket, '503 Service Unavailable', 'draining\n');
    if (!dialect) return refuseUpgrade(socket, '400 Bad Request', `supported subprotocols: ${subprotocol}\n`);
    wss.handleUpgrade(request, socket, head, (ws) => welcome(ws, socket, dialect));
    return undefined;
  });

  let sweeps = 0;
  const beatEvery = Math.max(1, Math.round(options.heartbeatMs / sweepMs));
  const sweep = () => {
    const now = Date.now();
    sweeps++;
    for (const guest of guests) {
      const { connection, session, since } = guest;
      if (session.name === undefined && now - since > options.registerMs)
        connection.close('register-timeout');
      if (connection.bufferedBytes <= maxBufferedBytes) connection.stalledSince = undefined;
      else connection.stalledSince ??= now;
      if (now - (connection.stalledSince ?? now) >= stalledMs) connection.terminate('slow-consumer');
      // Spread over the period, so that ten thousand pings do not go out in one turn.
      if ((Math.floor(since / sweepMs) + sweeps) % beatEvery !== 0 || connection.throttled) continue;
      if (connection.missedPongs >= 2) connection.terminate('heartbeat-timeout');
      connection.missedPongs++;
      connection.ping('');
    }
  };
  const sweeper = setInterval(sweep, sweepMs);

  return {
    drain(graceMs) {
      draining = true;
      for (const { session } of guests) session.drain(graceMs);
    },
    close() {
      draining = true;
      clearInterval(sweeper);
      for (const { connection } of guests) connection.close('draining');
    },
  };
};
