/** A larger heap belongs to a large ledger. To collect it would delay the start, and would free only a small part of it. */
const mostBytes = 64 * 1024 ** 2;

type Gc = (options: {
  readonly type: 'major';
  readonly flavor: 'last-resort';
  readonly execution: 'sync';
}) => void;

/**
 * Frees the garbage of the start: parsed settings, code that runs once, young objects. V8 would keep that memory, because an idle process allocates too little to cause a collection. An idle router returns 5 of 34 MiB. Node must be started with
 * --expose-gc; without it nothing happens.
 */
export const freeStartGarbage = (): void => {
  const { gc } = globalThis as { gc?: Gc };
  if (process.memoryUsage().heapUsed <= mostBytes)
    gc?.({ type: 'major', flavor: 'last-resort', execution: 'sync' });
};
