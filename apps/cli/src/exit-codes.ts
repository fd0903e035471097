import type { Ending } from '@parley/protocol';

/** The exit code of a command for each ending of its conversation: 0 for planned endings. */
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
/** A replay differs from its recording. */
export const exitDifferent = 20;
/** Some runs of a batch were not started, because its budget is used up. */
export const exitBatchCap = 21;

export const exitCodeOf = (reason: Ending): number => exitCodes[reason] ?? 1;
