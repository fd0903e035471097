import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { Changes } from '../model/changes.ts';

/** Draws the component again when the source has changed. */
export const useChanges = (changes: Changes): void => {
  const [, draw] = useState(0);
  // At once: a change before the first paint must not be missed.
  useLayoutEffect(() => changes.listen(() => draw((times) => times + 1)), [changes]);
};

/** Draws the component again at intervals while the page is visible. */
export const useClock = (ms: number, active: boolean): void => {
  const [, draw] = useState(0);
  useEffect(() => {
    if (!active) return undefined;
    const timer = setInterval(() => document.hidden || draw((times) => times + 1), ms);
    return () => clearInterval(timer);
  }, [ms, active]);
};
