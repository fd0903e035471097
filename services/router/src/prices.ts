import { readFileSync } from 'node:fs';
import { ConfigError } from '@parley/kit';
import type { Usage } from '@parley/protocol';
import known from '../prices.json' with { type: 'json' };

/** Dollars for a million tokens. */
interface Price {
  readonly input: number;
  readonly output: number;
}

/** What models cost, as data. A reply of a model that is not in the table costs nothing that we know of. */
export class Prices {
  readonly #byModel: ReadonlyMap<string, Price>;

  constructor(table: Readonly<Record<string, Price>>) {
    this.#byModel = new Map(Object.entries(table));
  }

  has(model: string | undefined): boolean {
    return model !== undefined && this.#byModel.has(model);
  }

  /** Dollars; undefined when nobody says how many tokens of which model. */
  cost(usage: Usage | undefined): number | undefined {
    const price = usage?.model === undefined ? undefined : this.#byModel.get(usage.model);
    if (!usage || !price) return undefined;
    return (usage.inputTokens * price.input + usage.outputTokens * price.output) / 1_000_000;
  }
}

const isPrice = (value: unknown): value is Price => {
  const { input, output } = (value ?? {}) as Partial<Price>;
  return typeof input === 'number' && input >= 0 && typeof output === 'number' && output >= 0;
};

/** The built-in table, with the rows of the operator's file (ROUTER_PRICES) over it. */
export const loadPrices = (file: string | undefined): Prices => {
  if (file === undefined) return new Prices(known);
  try {
    const rows = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as object);
    const wrong = rows.find(([, price]) => !isPrice(price));
    if (wrong) throw new Error(`${wrong[0]} is not {"input": dollars, "output": dollars} per million tokens`);
    return new Prices({ ...known, ...(Object.fromEntries(rows) as Record<string, Price>) });
  } catch (error) {
    throw new ConfigError([`ROUTER_PRICES: ${file}: ${(error as Error).message}`]);
  }
};
