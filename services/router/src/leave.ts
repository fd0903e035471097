import type { Door } from './door.ts';
import type { Router } from './router.ts';

interface Leaving {
  readonly router: Router;
  readonly door: Door;
  readonly graceMs: number;
}

/** Goes away without losing a turn: no new grants, time for those under way, then everybody is sent to come back. */
export const leave = async ({ router, door, graceMs }: Leaving): Promise<void> => {
  const { conversations, bids, grants, mailboxes } = router;
  grants.drain();
  bids.leave();
  door.drain(graceMs);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, graceMs);
    const whenAnswered = () => {
      if (grants.active > 0) return;
      clearTimeout(timer);
      resolve();
    };
    conversations.follow(whenAnswered);
    whenAnswered();
  });
  await door.close();
  await conversations.settled();
  mailboxes.save();
};
