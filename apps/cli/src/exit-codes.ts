import type { Ending } from '@parley/protocol';

/** What a command exits with when the conversation it ran has ended so: 0 for endings that were planned. */
export const exitCodes: Readonly<Record<Ending, number>> = {
  'max-turns': 0,
  'max-duration': 0,
  'stop-phrase': 0,
  agreed: 0,
  failed: 10,
  absent: 11,
  'agent-left': 12,
  repetition: 13,
  'farewell-loop': 14,
  'token-budget': 15,
  'cost-budget': 16,
  operator: 17,
};
/** A replay has come out otherwise than its record. */
export const exitDifferent = 20;
/** Some runs of a batch have not been started: its money is spent. */
export const exitBatchCap = 21;

export const exitCodeOf = (reason: Ending): number => exitCodes[reason] ?? 1;
