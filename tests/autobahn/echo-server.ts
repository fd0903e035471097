import { createServer } from 'node:http';
import { Faults } from '../../services/router/src/faults.ts';
import { listen } from '../../services/router/src/http/server/http-server.ts';
import { Rejections } from '../../services/router/src/http/server/rejections.ts';
import { openAuthenticator } from '../../services/router/src/identity/authenticator.ts';
import { RouterMetrics } from '../../services/router/src/metrics.ts';
import { Outgoing } from '../../services/router/src/quota/outgoing.ts';
import { WriteCoalescer } from '../../services/router/src/socket/connection.ts';
import { startWebSocketServer } from '../../services/router/src/socket/websocket-server.ts';
import { systemClock } from '../../services/router/src/time/clock.ts';

/**
 * The router's WebSocket server with a session behind it that sends every frame back: what Autobahn's fuzzing client talks to.
 * Prints its URL. Binary frames are refused, as PROTOCOL.md §2.1 has it.
 */
const server = createServer();
startWebSocketServer(server, {
  registerMs: 60_000,
  heartbeatMs: 60_000,
  stalledMs: 10_000,
  rate: { perSecond: 0, burst: 1 },
  metrics: new RouterMetrics({ version: '0', revision: 'none' }),
  writes: new WriteCoalescer(),
  faults: new Faults(
    () => {},
    ({ error }) => console.error(error),
    systemClock.monotonic,
  ),
  outgoing: new Outgoing({ limit: 1e9, flush() {} }),
  authenticator: openAuthenticator,
  filterRequest: () => undefined,
  rejections: new Rejections(() => {}, systemClock.monotonic),
  clock: systemClock,
  openSession: (dialect, connection) => ({
    dialect,
    name: undefined,
    identity: undefined,
    entering: undefined,
    receive: (raw) => connection.send(raw),
    ponged() {},
    mayBeSilent: () => false,
    closed() {},
    drain() {},
  }),
});
console.log(`ws://${await listen(server, '127.0.0.1', Number(process.argv[2] ?? 0))}`);
