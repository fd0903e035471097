import type { Limits } from '@parley/protocol';

/** What a conversation gets that does not say otherwise. Ends by itself: running for ever must be asked for. */
export type LimitDefaults = Limits;

type Some = { readonly [K in keyof Limits]?: Limits[K] | undefined };

export const completeLimits = (defaults: LimitDefaults, asked: Some | undefined): Limits => ({
  ...defaults,
  ...(Object.fromEntries(
    Object.entries(asked ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<Limits>),
});
