import type { Command } from '../core/command.ts';
import type { Conversations, OnResult } from './conversations.ts';

/** Submits commands that must not be lost: one that is refused as `unavailable` is submitted again at the next tick. */
export class Resubmitter {
  readonly #conversations: Conversations;
  readonly #refused: { readonly conversation: string; readonly command: Command; readonly done: OnResult }[] =
    [];

  constructor(conversations: Conversations) {
    this.#conversations = conversations;
  }

  submit(conversation: string, command: Command, done: OnResult = () => {}): void {
    this.#conversations.submit(conversation, command, (outcome) => {
      if (outcome.kind === 'refused' && outcome.code === 'unavailable')
        this.#refused.push({ conversation, command, done });
      else done(outcome);
    });
  }

  tick(): void {
    for (const { conversation, command, done } of this.#refused.splice(0))
      this.submit(conversation, command, done);
  }
}
