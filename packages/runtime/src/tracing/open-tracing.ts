import type { Logger } from '../logger.ts';
import { collectorUrl } from './trace-settings.ts';
import type { Tracing, TracingOptions } from './tracing.ts';

/** A collector that is away fails each export; that is counted each time, and told now and then. */
const logEveryMs = 60_000;

/** Where spans go; undefined when the settings name no collector. The SDK is loaded only when they do: it costs memory. */
export const openTracing = async (
  options: Omit<TracingOptions, 'onFailure'>,
  log: Logger,
): Promise<Tracing | undefined> => {
  const url = collectorUrl(options.settings);
  if (url === undefined) return undefined;
  let loggedAt = Number.NEGATIVE_INFINITY;
  const onFailure = (problem: string) => {
    if (performance.now() - loggedAt < logEveryMs) return;
    loggedAt = performance.now();
    log.warn({ problem, collector: shown(url) }, 'spans could not be sent to the collector');
  };
  const { makeSdkTracing } = await import('./sdk-tracing.ts');
  log.info({ collector: shown(url) }, 'traces are on');
  return makeSdkTracing({ ...options, url, onFailure });
};

/** Without a user and a password. */
const shown = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
};
