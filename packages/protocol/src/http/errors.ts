import { object, oneOf, text } from '../shape.ts';
import { type RefusalCode, refusals } from '../words.ts';

/** Codes that only the HTTP interface has. */
const httpOnly = ['not-found', 'method-not-allowed', 'damaged', 'internal'] as const;

export type HttpErrorCode = RefusalCode | (typeof httpOnly)[number];

/** The status with which each code is answered, where a route states no other. */
export const httpStatusOf = {
  'bad-frame': 400,
  'unknown-type': 400,
  'too-large': 413,
  'not-registered': 409,
  'already-registered': 409,
  'name-refused': 403,
  unauthenticated: 401,
  forbidden: 403,
  'unknown-conversation': 404,
  'conversation-ended': 409,
  'conversation-exists': 409,
  'not-a-member': 409,
  'not-your-turn': 409,
  'stale-turn': 409,
  'bad-target': 400,
  'no-price': 409,
  'mailbox-full': 503,
  'rate-limited': 503,
  unavailable: 503,
  draining: 503,
  'not-found': 404,
  'method-not-allowed': 405,
  /** The conversation cannot be read from the ledger. */
  damaged: 500,
  /** An unexpected error of the router. */
  internal: 500,
} as const satisfies Record<HttpErrorCode, number>;

/** The body of every response with a status of 400 or more, except those of the probes. */
export const httpError = object({
  error: object({
    code: oneOf([...(Object.keys(refusals) as RefusalCode[]), ...httpOnly]),
    message: text({ max: 1_000 }),
  }),
});
