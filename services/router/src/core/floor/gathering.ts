import type { Conversation } from '../conversation.ts';
import type { Ended } from '../endings/endings.ts';

/**
 * Until when a conversation that has not begun waits for all its members to connect, in ms since 1970; undefined when it does
 * not wait. A pause does not count.
 */
export const gathersUntil = ({
  begun,
  limits: { gatherMs = 0 },
  status,
  startedAt,
  pausedMs,
}: Conversation): number | undefined =>
  begun || gatherMs === 0 || status.state !== 'running' ? undefined : startedAt + pausedMs + gatherMs;

/** Whether it begins without the members that are not connected. */
export const beginsWithout = (state: Conversation, now: number): boolean =>
  state.limits.onFailure === 'skip' && now >= (gathersUntil(state) ?? Number.POSITIVE_INFINITY);

/** How it ends while `missing` are not connected, if it does. */
export const notGathered = (
  state: Conversation,
  missing: readonly string[],
  now: number,
): Ended | undefined =>
  state.limits.onFailure === 'end' && now >= (gathersUntil(state) ?? Number.POSITIVE_INFINITY)
    ? { reason: 'absent', detail: missing.join(', ') }
    : undefined;
