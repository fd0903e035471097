/** A larger heap holds a large ledger: to look through it would delay the start, and its garbage is a small part of it. */
const mostBytes = 64 * 1024 ** 2;

type Gc = (options: {
  readonly type: 'major';
  readonly flavor: 'last-resort';
  readonly execution: 'sync';
}) => void;

/**
 * Frees what the start has left behind: parsed settings, code that runs once, young objects. V8 would keep that memory, because an
 * idle process allocates too little for a collection: of 34 MiB of an idle router 5 are given back. Node must be started with
 * --expose-gc; without it nothing happens.
 */
export const freeStartGarbage = (): void => {
  const { gc } = globalThis as { gc?: Gc };
  if (process.memoryUsage().heapUsed <= mostBytes)
    gc?.({ type: 'major', flavor: 'last-resort', execution: 'sync' });
};
