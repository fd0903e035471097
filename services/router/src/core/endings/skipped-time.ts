import type { Conversation } from '../conversation.ts';

/**
 * The conversation after the clock that dates its entries was set forward: every deadline is as far away as before, because
 * skipped time has not passed.
 */
export const skipTime = (state: Conversation, ms: number): Conversation => ({
  ...state,
  startedAt: state.startedAt + ms,
  ...(state.status.state === 'paused' && { status: { ...state.status, since: state.status.since + ms } }),
  floor: state.floor.map((turn) => ({
    ...turn,
    givenAt: turn.givenAt + ms,
    notBefore: turn.notBefore + ms,
  })),
});
