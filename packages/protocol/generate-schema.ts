import { mkdirSync, writeFileSync } from 'node:fs';
import { clientFrame, entry, plainClientSchema, plainRouterFrame, routerFrame } from './src/index.ts';

const dialect = 'https://json-schema.org/draft/2020-12/schema';

const documents = {
  'parley.v1.client.json': ['What a parley.v1 client sends', clientFrame.schema],
  'parley.v1.router.json': ['What the router sends to a parley.v1 client', routerFrame.schema],
  'plain.client.json': ['What a client of the plain dialect sends', plainClientSchema],
  'plain.router.json': ['What the router sends to a client of the plain dialect', plainRouterFrame.schema],
  'entry.json': ['One line of the ledger', entry.schema],
} as const;

/** The files of docs/schema: name and text. */
export const schemaFiles: ReadonlyMap<string, string> = new Map(
  Object.entries(documents).map(([file, [title, schema]]) => [
    file,
    `${JSON.stringify({ $schema: dialect, title, ...schema }, null, 2)}\n`,
  ]),
);

if (import.meta.main) {
  const folder = new URL('../../docs/schema/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of schemaFiles) writeFileSync(new URL(file, folder), text);
}
