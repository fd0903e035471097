import type { Entry, RefusalCode } from '@parley/protocol';
import type { Decision } from '../core/command.ts';
import type { Conversation } from '../core/conversation.ts';

/** What became of a command, told once it is durable. `seq` is the entry that stands for it. */
export type Outcome =
  | { readonly kind: 'done'; readonly seq: number; readonly turn?: number | undefined }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string };
export type OnResult = (outcome: Outcome) => void;

/** What was decided could not be written, so it has not happened. */
export const unavailable: Outcome = {
  kind: 'refused',
  code: 'unavailable',
  message: 'the ledger cannot be written',
};

const standsFor = (entries: readonly Entry[]): Entry | undefined =>
  entries.find(({ type }) => type !== 'joined') ?? entries[0];

/** `state`: the conversation with the decision in it. */
export const outcomeOf = (decision: Decision, state: Conversation | undefined): Outcome => {
  switch (decision.kind) {
    case 'refuse':
      return { kind: 'refused', code: decision.code, message: decision.message };
    case 'repeat':
      return { kind: 'done', seq: decision.seq, turn: decision.turn };
    case 'append': {
      const stands = standsFor(decision.entries);
      const turn = stands && 'turn' in stands ? stands.turn : undefined;
      return { kind: 'done', seq: stands?.seq ?? state?.seq ?? 0, turn };
    }
    default:
      return decision satisfies never;
  }
};
