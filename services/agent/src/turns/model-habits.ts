import { bidTokens } from './bid.ts';

/** A property of the model that the replies of a turn showed. */
export type ModelFinding =
  /** A reply closed a block of reasoning that it had not opened. If it were streamed, reasoning would be shown. */
  | 'unopened-reasoning'
  /** A reply reached the usual limit of tokens and contained only reasoning. */
  | 'long-reasoning'
  /** A bid was truncated before its number, because the model reasons before it answers. */
  | 'long-bid';

/** Maximum tokens of replies. */
export interface ReplyLimits {
  /** The value of the conversation or of the operator. */
  readonly maxOutputTokens: number | undefined;
  /** The value when neither sets one. */
  readonly usualTokens: number;
  /** The maximum of a bid. Undefined for a model that reasons before it answers. */
  readonly bidTokens: number | undefined;
}

const usualTokens = 2_000;
const reasoningTokens = 4 * usualTokens;

/** The properties of the model that this process has found. Later turns use them. */
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
