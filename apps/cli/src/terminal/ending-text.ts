import { type Entry, type EntryOf, endingWords } from '@parley/protocol';
import { harmless } from './terminal.ts';

/** The ending of a conversation, its reason, and who never answered, in one line. */
export const endingText = ({
  reason,
  detail,
  by,
  unanswered = [],
}: Pick<EntryOf<'ended'>, 'reason' | 'detail' | 'by' | 'unanswered'>): string => {
  const silent = unanswered.length > 0 ? `; never answered: ${harmless(unanswered.join(', '))}` : '';
  // In a router without tokens every operator has the name of the reason.
  const who =
    reason === 'operator' && by !== undefined && by !== reason
      ? `${harmless(by)} ended it`
      : endingWords[reason];
  return `${reason} (${who ?? 'no description'}${detail ? `: ${harmless(detail)}` : ''})${silent}`;
};

const number = (value: number): string => value.toLocaleString('en-US');

/** A time as a clock shows it: `1:05`, `2:01:05`. */
export const clock = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

/** Two significant digits, also for small amounts. */
export const dollars = (value: number): string =>
  `$${value >= 1 || value === 0 ? value.toFixed(2) : value.toFixed(Math.min(8, 1 - Math.floor(Math.log10(value))))}`;

/** Turns, tokens and seconds of a whole conversation. */
export const totals = (entries: readonly Entry[]): string => {
  const turns = entries.filter(({ type }) => type === 'said' || type === 'passed').length;
  const usages = entries.flatMap((entry) => ('usage' in entry && entry.usage ? [entry.usage] : []));
  const input = usages.reduce((sum, { inputTokens }) => sum + inputTokens, 0);
  const output = usages.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
  const estimated = usages.some((usage) => usage.estimated) ? ', estimated' : '';
  const seconds = ((entries.at(-1)?.at ?? 0) - (entries[0]?.at ?? 0)) / 1_000;
  const cost = entries.reduce((sum, entry) => sum + ('cost' in entry ? (entry.cost ?? 0) : 0), 0);
  return [
    `${turns} ${turns === 1 ? 'turn' : 'turns'}`,
    `${number(input + output)} tokens (${number(input)} in, ${number(output)} out${estimated})`,
    ...(cost > 0 ? [dollars(cost)] : []),
    `${seconds.toFixed(1)} s`,
  ].join(' · ');
};
