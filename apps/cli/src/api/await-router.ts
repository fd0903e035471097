import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '@parley/runtime';
import type { RouterApi } from './router-api.ts';

const retryMs = 500;

/** Resolves when a router answers. The router may start after this command; `note` tells this once. */
export const awaitRouter = async (
  api: RouterApi,
  { stop, note }: { readonly stop: AbortSignal; readonly note: (text: string) => void },
): Promise<void> => {
  for (let isNoted = false; ; isNoted = true) {
    try {
      await api.agents();
      return;
    } catch (error) {
      if (
        stop.aborted ||
        !(error instanceof ConfigError) ||
        !/no connection to a router at/.test(error.message)
      )
        throw error;
      if (!isNoted) note(`waiting for the router at ${api.url}`);
      await delay(retryMs, undefined, { signal: stop });
    }
  }
};
