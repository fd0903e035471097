import type { Router } from '../router.ts';
import type { WebSocketServerHandle } from './websocket-server.ts';

interface Leaving {
  readonly router: Router;
  readonly webSocketServer: WebSocketServerHandle;
  readonly graceMs: number;
}

/** Stops without losing a turn: no new grants, time for the answers to running ones, then all connections close with `draining`. */
export const leave = async ({ router, webSocketServer, graceMs }: Leaving): Promise<void> => {
  const { conversations, bids, grants, scheduler, plainDelivery } = router;
  scheduler.drain();
  bids.leave();
  webSocketServer.drain(graceMs);
  const { promise: graceIsOver, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, graceMs);
  await Promise.race([grants.whenNone(), graceIsOver]);
  clearTimeout(timer);
  await webSocketServer.close();
  await conversations.settled();
  plainDelivery.save();
};
