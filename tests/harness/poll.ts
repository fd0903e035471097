import { setTimeout as delay } from 'node:timers/promises';

/** Resolves with what `probe` returns once that is neither undefined nor false; rejects after `deadlineMs`. */
export const until = async <T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 60_000,
): Promise<T> => {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await delay(15);
  }
};

/** `promise`, or an error that says what was waited for. */
export const within = async <T>(what: string, deadlineMs: number, promise: Promise<T>): Promise<T> => {
  const gone = new AbortController();
  const late = delay(deadlineMs, undefined, { signal: gone.signal }).then(() => {
    throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    gone.abort();
    late.catch(() => {});
  }
};
