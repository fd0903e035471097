import type { TurnContext } from '../memory/turn-context.ts';
import type { Model } from './model.ts';

/** The source of the replies of this agent. */
export interface ModelSource {
  readonly provider: string;
  readonly name: string;
  /**
   * The model for one turn. A language model uses only the messages and is the same for every turn. The rehearsal uses no prompt:
   * it answers from the context.
   */
  readonly modelFor: (context: TurnContext) => Model;
}
