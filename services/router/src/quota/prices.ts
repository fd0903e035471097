import { readFileSync } from 'node:fs';
import { maxCostOfAnswer, type Usage } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import known from '../../prices.json' with { type: 'json' };

/** Dollars for a million tokens. */
interface Price {
  readonly input: number;
  readonly output: number;
}

interface MoneyCaps {
  readonly maxCost?: number | undefined;
  readonly maxCostPerAgent?: number | undefined;
  readonly maxCostPerMinute?: number | undefined;
}

/** Servers answer with the day on which a model was made: `gpt-4.1-nano-2025-04-14`. */
const datePart = /-\d{4}-?\d{2}-?\d{2}$/;

/** What models cost, as data. */
export class Prices {
  readonly #byModel: ReadonlyMap<string, Price>;

  constructor(table: Readonly<Record<string, Price>>) {
    this.#byModel = new Map(Object.entries(table));
  }

  has(model: string | undefined): boolean {
    return this.#of(model) !== undefined;
  }

  /**
   * Dollars; undefined when the tokens or the model are not known. `granted`: the model that the turn was granted for; a reply
   * of a model without a price is charged by its price.
   */
  cost(usage: Usage | undefined, granted?: string): number | undefined {
    const price = this.#of(usage?.model) ?? this.#of(granted);
    if (!usage || !price) return undefined;
    const dollars = (usage.inputTokens * price.input + usage.outputTokens * price.output) / 1_000_000;
    return Math.min(dollars, maxCostOfAnswer);
  }

  /** Why a money cap cannot be enforced: the model has no price. Undefined when it has one, or there is no cap. */
  missingFor(
    { maxCost, maxCostPerAgent, maxCostPerMinute }: MoneyCaps,
    model: string | undefined,
  ): string | undefined {
    if ((!maxCost && !maxCostPerAgent && !maxCostPerMinute) || this.has(model)) return undefined;
    return `there is a money cap and no price for the model ${model ?? '(not named)'}`;
  }

  #of(model: string | undefined): Price | undefined {
    if (model === undefined) return undefined;
    return this.#byModel.get(model) ?? this.#byModel.get(model.replace(datePart, ''));
  }
}

const isPrice = (value: unknown): value is Price => {
  const { input, output } = (value ?? {}) as Partial<Price>;
  return Number.isFinite(input) && Number(input) >= 0 && Number.isFinite(output) && Number(output) >= 0;
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
