/** What a pool limits: calls and tokens of a minute, and calls at once. */
export const units = ['calls', 'tokens', 'at-once'] as const;
export type Unit = (typeof units)[number];
export type Amounts = Readonly<Record<Unit, number>>;

/** Amounts of which each is computed by itself. */
export const amountsBy = (of: (unit: Unit) => number): Amounts => ({
  calls: of('calls'),
  tokens: of('tokens'),
  'at-once': of('at-once'),
});

export const noAmounts: Amounts = { calls: 0, tokens: 0, 'at-once': 0 };
