import { connectionProblem } from '@parley/runtime';

interface Failure {
  readonly code?: string;
  readonly message?: string;
}

const startHint = '; start one with `npm run -s router`, or give its address with --url';

/** Why a request has failed. `fetch` has the reason in the cause of its error. */
export const failureOf = (error: unknown): Failure =>
  (error as { cause?: Failure }).cause ?? (error as Error);

/** The problem, for a person. */
export const unreached = (url: string, error: unknown): string => {
  const failure = failureOf(error);
  const start = failure.code === 'ECONNREFUSED' ? startHint : '';
  return `no connection to a router at ${url}: ${connectionProblem(url, failure)}${start}`;
};

/** Failures after which the router has certainly not received the request. */
export const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
