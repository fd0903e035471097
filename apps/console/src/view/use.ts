import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { Changes } from '../model/changes.ts';

/** Draws again when something has changed. */
export const useChanges = (changes: Changes): void => {
  const [, draw] = useState(0);
  // At once: a change before the first paint must not be missed.
  useLayoutEffect(() => changes.listen(() => draw((times) => times + 1)), [changes]);
};

/** Draws again every so often, while the page can be seen. */
export const useClock = (ms: number, active: boolean): void => {
  const [, draw] = useState(0);
  useEffect(() => {
    if (!active) return undefined;
    const timer = setInterval(() => document.hidden || draw((times) => times + 1), ms);
    return () => clearInterval(timer);
  }, [ms, active]);
};
