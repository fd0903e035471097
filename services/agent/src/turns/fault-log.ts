import type { Failure } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { TurnAnswer } from './turn.ts';

/** What the operator can do about a failure. */
const advice: Partial<Record<Failure, string>> = {
  'model-unauthorized': 'the model server refuses access: check OPENAI_API_KEY and OPENAI_BASE_URL',
  'model-not-found': 'the model server does not know the model: check OPENAI_MODEL and OPENAI_BASE_URL',
  'model-rejected': 'the model server refuses the request',
  'model-quota': 'the account at the model server has no quota left',
  'rate-limited': 'the model server takes no more calls for now',
  'model-unavailable': 'the model server cannot be reached or is overloaded',
  'model-loading': 'the model server is loading the model',
  'context-overflow': 'the conversation is too long for the model: lower AGENT_HISTORY_TOKENS',
  'prompt-failed': 'makePrompt() of AGENT_PROMPT_MODULE failed',
  'timed-out': 'no reply within the deadline of the turn',
  'empty-reply': 'the model said nothing that can be said',
};

/** Logs failed turns, each kind once until a turn succeeds. The ledger has all of them. */
export class FaultLog {
  readonly #log: Logger;
  #logged: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  note(answer: TurnAnswer): void {
    if (answer.kind !== 'failed') {
      if (this.#logged !== undefined) this.#log.info({ reason: this.#logged }, 'turns succeed again');
      this.#logged = undefined;
      return;
    }
    const { reason, detail } = answer;
    const level = reason === this.#logged ? 'debug' : 'error';
    this.#logged = reason;
    this.#log[level]({ reason, detail }, `turn passed: ${advice[reason] ?? reason}`);
  }
}
