import { csv } from './csv.ts';
import { openai, sharegpt } from './dialogue.ts';
import type { ExportFormat } from './exported.ts';
import { html } from './html.ts';
import { jsonl } from './jsonl.ts';
import { markdown } from './markdown.ts';

/** Every format of `parley export`, by its name. */
export const formats = { jsonl, markdown, csv, html, sharegpt, openai } as const satisfies Readonly<
  Record<string, ExportFormat>
>;
export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as FormatName[];
