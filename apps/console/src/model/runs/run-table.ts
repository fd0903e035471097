import type { ConversationView } from '@parley/protocol';
import { elapsedOf, titleOf } from '../words.ts';

/** A cell of a CSV file. A text that a spreadsheet would read as a formula begins with an apostrophe. */
const cell = (value: string | number): string => {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const columns: readonly (readonly [string, (run: ConversationView, now: number) => string | number])[] = [
  ['id', ({ id }) => id],
  ['title', (run) => titleOf(run)],
  ['status', ({ status }) => status],
  ['ending', ({ ending }) => ending?.reason ?? ''],
  ['members', ({ members }) => members.join(' ')],
  ['models', ({ cast }) => cast.flatMap(({ name, model }) => (model ? [`${name}=${model}`] : [])).join(' ')],
  ['policy', ({ policy }) => policy],
  ['turns', ({ turns }) => turns],
  ['input tokens', ({ usage }) => usage.inputTokens],
  ['output tokens', ({ usage }) => usage.outputTokens],
  ['cost', ({ usage }) => usage.cost],
  ['seconds', (run, now) => Math.round(elapsedOf(run, now) / 1_000)],
  ['started', ({ startedAt }) => new Date(startedAt).toISOString()],
  ['fork of', ({ parent }) => (parent ? `${parent.conversation}/${parent.seq}` : '')],
  ['labels', ({ labels = [] }) => labels.join(' ')],
];

/** Conversations as a CSV file, one in each row. */
export const runsAsCsv = (runs: readonly ConversationView[], now: number): string =>
  [
    columns.map(([name]) => cell(name)),
    ...runs.map((run) => columns.map(([, value]) => cell(value(run, now)))),
  ]
    .map((cells) => `${cells.join(',')}\r\n`)
    .join('');
