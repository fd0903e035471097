import type { TurnContext } from '../memory/turn-context.ts';
import type { Model } from './model.ts';

/** Where the replies of this agent come from. */
export interface ModelSource {
  readonly provider: string;
  readonly name: string;
  /**
   * The model that is asked in one turn. A language model reads the messages alone and is the same for every turn; the
   * rehearsal writes no text from a prompt, and answers from the context.
   */
  readonly modelFor: (context: TurnContext) => Model;
}
