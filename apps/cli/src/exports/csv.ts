import type { Entry } from '@parley/protocol';
import { harmless } from '../terminal/terminal.ts';
import { noteOf } from '../terminal/transcript.ts';
import type { Exported, ExportFormat } from './exported.ts';

/**
 * A text that a spreadsheet would run as a formula is marked as text, as spreadsheets themselves do. Some leave out blanks at the
 * beginning, and in Japanese and Chinese also the wide forms of the signs begin a formula.
 */
const cell = (value: string | number | undefined): string => {
  if (value === undefined) return '';
  const text =
    typeof value === 'number' ? String(value) : harmless(value).replace(/^(?=\s*[=+\-@＝＋－＠])/u, "'");
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

type Row = Readonly<Record<string, string | number | undefined>>;

const columns = [
  'conversation',
  'seq',
  'time',
  'type',
  'turn',
  'from',
  'target',
  'heard_by',
  'text',
  'model',
  'input_tokens',
  'output_tokens',
  'cost',
] as const;

const rowOf = (entry: Entry, { view }: Exported): Row => ({
  conversation: view.id,
  seq: entry.seq,
  time: new Date(entry.at).toISOString(),
  type: entry.type,
  turn: 'turn' in entry ? entry.turn : undefined,
  from: 'from' in entry ? entry.from : 'by' in entry ? entry.by : 'who' in entry ? entry.who : undefined,
  target: 'target' in entry ? entry.target : undefined,
  heard_by: 'to' in entry ? entry.to?.join(' ') : undefined,
  text:
    'text' in entry
      ? entry.text
      : entry.type === 'ended'
        ? [entry.reason, entry.detail].filter(Boolean).join(': ')
        : entry.type === 'opened'
          ? entry.topic
          : noteOf(entry),
  ...('usage' in entry && {
    model: entry.usage?.model,
    input_tokens: entry.usage?.inputTokens,
    output_tokens: entry.usage?.outputTokens,
  }),
  cost: 'cost' in entry ? entry.cost : undefined,
});

/** A row for each entry, for spreadsheets and statistics (RFC 4180, but with \n at the end of lines). */
export const csv: ExportFormat = {
  about: 'a row for each entry, for spreadsheets and statistics',
  isPerspective: false,
  begin: () => `${columns.join(',')}\n`,
  one: (exported) =>
    exported.entries
      .map((entry) => {
        const row = rowOf(entry, exported);
        return `${columns.map((name) => cell(row[name])).join(',')}\n`;
      })
      .join(''),
};
