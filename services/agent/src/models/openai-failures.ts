import { failed, type ModelFailure, type RetryReason } from './model.ts';

/** What the SDK, fetch or a stream throws, read without trusting any of it. */
interface Thrown {
  readonly status?: unknown;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly message?: unknown;
  readonly headers?: { get?(name: string): string | null };
}

const retried: ReadonlyMap<number, RetryReason> = new Map([
  [408, 'request-timeout'],
  [409, 'conflict'],
  [429, 'rate-limited'],
]);

/** Milliseconds until the server wants to be asked again: `retry-after-ms`, else `retry-after` (seconds or a date). */
const retryAfter = (headers: Thrown['headers'], now: number): number | undefined => {
  const ms = headers?.get?.('retry-after-ms');
  if (ms && Number.isFinite(Number(ms))) return Math.max(0, Number(ms));
  const after = headers?.get?.('retry-after');
  if (!after) return undefined;
  const wait = Number.isFinite(Number(after)) ? Number(after) * 1_000 : Date.parse(after) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
};

const tooLong =
  /context[ _](?:length|window|size)|maximum context|prompt is too long|too many (?:input )?tokens/i;
const quota = /insufficient_quota|billing|credit balance/i;

/** A thrown error as a failure of the model port. Decided by status and code: class names do not survive a bundle. */
export const failureOf = (thrown: unknown, secret: string | undefined): ModelFailure => {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Thrown;
  const status = typeof error.status === 'number' ? error.status : undefined;
  const about = `${error.code ?? ''} ${error.type ?? ''} ${error.message ?? ''}`;
  const told = (secret ? about.replaceAll(secret, '[redacted]') : about)
    .replace(/sk-[\w*-]+/g, '[redacted]')
    .replace(/\s+/g, ' ')
    .trim();

  if (status === 401 || status === 403) {
    return failed('model-unauthorized', `the model server refuses the key (HTTP ${status})`);
  }
  if (status === 402 || quota.test(about)) return failed('model-quota', `no quota left: ${told}`);
  if (status === 404) return failed('model-not-found', `no such model or path (HTTP 404): ${told}`);
  if (status === 413 || tooLong.test(about)) return failed('context-overflow', told);
  const afterMs = retryAfter(error.headers, Date.now());
  const reason = status === undefined ? undefined : retried.get(status);
  if (reason) {
    const word = reason === 'rate-limited' ? reason : 'model-unavailable';
    return failed(word, `HTTP ${status}: ${told}`, { reason, afterMs });
  }
  if (status !== undefined && status >= 500) {
    return failed('model-unavailable', `HTTP ${status}: ${told}`, { reason: 'server-error', afterMs });
  }
  if (status !== undefined && status >= 300) return failed('model-rejected', `HTTP ${status}: ${told}`);
  const cause = (thrown as { cause?: { code?: unknown; cause?: { code?: unknown } } } | undefined)?.cause;
  const code = cause?.code ?? cause?.cause?.code;
  return failed('model-unavailable', code ? `${told} (${code})` : told, { reason: 'connection' });
};
