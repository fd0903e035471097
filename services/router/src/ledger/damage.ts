import { ConfigError } from '@parley/runtime';

/**
 * The ledger holds something else than what was written. The router neither guesses nor skips entries: it hides the damaged
 * conversation and serves all others. The operator restores a backup.
 */
export class LedgerDamage extends Error {
  override readonly name = 'LedgerDamage';
  constructor(path: string, places: readonly string[], cause?: unknown) {
    super(places.map((place) => `${path} is damaged: ${place}`).join('\n'), { cause });
  }
}

/** A router that starts needs the damaged part of the ledger. It cannot start before the operator acts. */
export const cannotStart = (damage: LedgerDamage): ConfigError =>
  new ConfigError(damage.message.split('\n').map((line) => `ROUTER_LEDGER: ${line}`));
