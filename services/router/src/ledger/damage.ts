import { ConfigError } from '@parley/runtime';

/**
 * What is stored is not what was written. Nothing is guessed or skipped: the conversation that it belongs to is hidden,
 * and the rest goes on. The operator restores a backup.
 */
export class LedgerDamage extends Error {
  override readonly name = 'LedgerDamage';
  constructor(path: string, places: readonly string[], cause?: unknown) {
    super(places.map((place) => `${path} is damaged: ${place}`).join('\n'), { cause });
  }
}

/** A ledger that is damaged where a router that starts needs it: the operator has to act before it can. */
export const cannotStart = (damage: LedgerDamage): ConfigError =>
  new ConfigError(damage.message.split('\n').map((line) => `ROUTER_LEDGER: ${line}`));
