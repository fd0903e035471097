import { jsonText } from '../terminal/terminal.ts';
import type { ExportFormat } from './exported.ts';

/** Every entry as it is in the ledger, one a line, with the id of its conversation: what `parley import` reads. */
export const jsonl: ExportFormat = {
  about: 'every entry of the ledger, one a line; `parley import` reads it',
  isPerspective: false,
  one: ({ view: { id }, entries }) =>
    entries.map((entry) => `${jsonText({ conversation: id, ...entry })}\n`).join(''),
};
