import type { Limits } from '@parley/protocol';

/** The limits of a conversation that sets none. They end it: a conversation without limits must ask for that. */
export type LimitDefaults = Limits;

type Some = { readonly [K in keyof Limits]?: Limits[K] | undefined };

export const completeLimits = (defaults: LimitDefaults, asked: Some | undefined): Limits => ({
  ...defaults,
  ...(Object.fromEntries(
    Object.entries(asked ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<Limits>),
});
