import type { Entry, RefusalCode } from '@parley/protocol';
import type { Decision } from '../core/command.ts';
import type { Conversation } from '../core/conversation.ts';

/** The result of a command, passed on when it is durable. `seq` is the entry that stands for it. */
export type Outcome =
  | { readonly kind: 'done'; readonly seq: number; readonly turn?: number | undefined }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string };
export type OnResult = (outcome: Outcome) => void;

/** The wire has one code for all that may be repeated later (PROTOCOL §8); the message says what it was. */
const unavailable = (message: string): Outcome & { readonly kind: 'refused' } => ({
  kind: 'refused',
  code: 'unavailable',
  message,
});

/** The entries could not be written, so nothing has changed. */
export const unwritten = unavailable('the ledger cannot be written');
/** Too many commands wait for the ledger. */
export const queueFull = unavailable('too many commands wait for the ledger');
/** An unexpected error while the command was decided. */
export const broken = unavailable('an error of the router; see its log');

const standsFor = (entries: readonly Entry[]): Entry | undefined =>
  entries.find(({ type }) => type !== 'joined') ?? entries[0];

/** `state`: the conversation after the decision. */
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
