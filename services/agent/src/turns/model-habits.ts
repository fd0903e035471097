import { bidTokens } from './bid.ts';

/** What the replies of a turn showed about the model. */
export type ModelFinding =
  /** A reply closed a block of reasoning that it had not opened, so that reasoning would be shown live. */
  | 'unopened-reasoning'
  /** A reply was all reasoning when it reached the usual limit of tokens. */
  | 'long-reasoning'
  /** A bid was cut off before its number: the model reasons before it answers. */
  | 'long-bid';

/** Maximum tokens of replies. */
export interface ReplyLimits {
  /** As the conversation or the operator set it. */
  readonly maxOutputTokens: number | undefined;
  /** Where neither did. */
  readonly usualTokens: number;
  /** Of a bid; undefined for a model that reasons before it answers. */
  readonly bidTokens: number | undefined;
}

const usualTokens = 2_000;
const reasoningTokens = 4 * usualTokens;

/** What this process has learned about its model. Later turns start from it. */
export class ModelHabits {
  #usualTokens = usualTokens;
  #bidTokens: number | undefined = bidTokens;
  #streams = true;

  /** Whether a reply may be shown while it is written. */
  get streams(): boolean {
    return this.#streams;
  }

  limits(set: readonly (number | undefined)[]): ReplyLimits {
    const given = set.filter((limit) => limit !== undefined);
    return {
      maxOutputTokens: given.length > 0 ? Math.min(...given) : undefined,
      usualTokens: this.#usualTokens,
      bidTokens: this.#bidTokens,
    };
  }

  learn(findings: readonly ModelFinding[]): void {
    for (const finding of findings) {
      switch (finding) {
        case 'unopened-reasoning':
          this.#streams = false;
          break;
        case 'long-reasoning':
          this.#usualTokens = reasoningTokens;
          break;
        case 'long-bid':
          this.#bidTokens = undefined;
          break;
        default:
          finding satisfies never;
      }
    }
  }
}
