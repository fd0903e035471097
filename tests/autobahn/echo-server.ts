import { createServer } from 'node:http';
import { Writes } from '../../services/router/src/connection.ts';
import { openDoor } from '../../services/router/src/door.ts';
import { Faults } from '../../services/router/src/faults.ts';
import { listen } from '../../services/router/src/http/http-server.ts';
import { openGuard } from '../../services/router/src/identity/guard.ts';
import { RouterMetrics } from '../../services/router/src/metrics.ts';
import { Outgoing } from '../../services/router/src/outgoing.ts';
import { Rejections } from '../../services/router/src/rejections.ts';

/**
 * The router's door with a session behind it that sends every frame back: what Autobahn's fuzzing client talks to.
 * Prints its URL. Binary frames are refused, as PROTOCOL.md §2.1 has it.
 */
const none = () => 0;
const levels = {
  conversations: none,
  waits: () => new Map(),
  agents: none,
  delivered: none,
  waitingLines: none,
  expiredLines: none,
  openBreakers: none,
  rejections: () => new Map(),
};
const server = createServer();
openDoor(server, {
  registerMs: 60_000,
  heartbeatMs: 60_000,
  stalledMs: 10_000,
  rate: { perSecond: 0, burst: 1 },
  metrics: new RouterMetrics('0', levels),
  writes: new Writes(),
  faults: new Faults(
    () => {},
    ({ error }) => console.error(error),
  ),
  outgoing: new Outgoing({ limit: 1e9, flush() {} }),
  guard: openGuard,
  checkVisitor: () => undefined,
  rejections: new Rejections(() => {}),
  wall: Date.now,
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
