import { ConfigError } from '@parley/kit';

/** What is stored is not what was written. Nothing is guessed or skipped: the operator restores a backup. */
export class LedgerDamage extends ConfigError {
  constructor(path: string, places: readonly string[]) {
    super(places.map((place) => `ROUTER_LEDGER: ${path} is damaged: ${place}`));
  }
}
