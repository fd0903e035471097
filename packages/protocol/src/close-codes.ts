/**
 * Why the router ends a connection. The range tells the client what to do (PROTOCOL.md §6):
 * 40xx: do not reconnect; 41xx: reconnect after a back-off; 42xx: reconnect at once.
 */
export const closings = {
  unauthenticated: { code: 4001, reason: 'a valid token is needed' },
  'name-refused': { code: 4003, reason: 'this name is not yours to register' },
  'register-timeout': { code: 4006, reason: 'nothing was registered in time' },
  'taken-over': { code: 4010, reason: 'another connection took this name' },
  busy: { code: 4100, reason: 'the router has too many connections' },
  'slow-consumer': { code: 4102, reason: 'frames are not read fast enough' },
  unavailable: { code: 4103, reason: 'the router cannot do this for the time being' },
  draining: { code: 4200, reason: 'the router is restarting' },
  'heartbeat-timeout': { code: 4201, reason: 'pings were not answered' },
} as const satisfies Record<string, { code: number; reason: string }>;
export type Closing = keyof typeof closings;

export type ReturnRule = 'never' | 'back-off' | 'at-once';

/** What a client does after its connection was closed with `code`. Codes outside these ranges mean a back-off. */
export const returnRule = (code: number): ReturnRule => {
  if (code >= 4000 && code < 4100) return 'never';
  if (code >= 4200 && code < 4300) return 'at-once';
  return 'back-off';
};
