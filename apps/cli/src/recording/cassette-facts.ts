import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import type { Manifest } from './manifest.ts';

const fingerprintsIn = (text: string): string[] =>
  [...text.matchAll(/"system_?[fF]ingerprint":"([^"]+)"/g)].map(([, value]) => value as string);

/** The models that answered for each member, from the ledger and the cassettes. */
export const cassetteFacts = (folder: string, entries: readonly Entry[]): Manifest['models'] => {
  const answers = entries.filter((entry) => 'from' in entry);
  const names = [...new Set(answers.map(({ from }) => from))];
  const cassettes = readdirSync(folder);
  return Object.fromEntries(
    names.map((name) => {
      const own = cassettes.filter((file) => file.replace(/(\.\d+)?\.jsonl$/, '') === name);
      const fingerprints = own.flatMap((file) => fingerprintsIn(readFileSync(join(folder, file), 'utf8')));
      const models = answers.flatMap(({ from, usage }) =>
        from === name && usage?.model ? [usage.model] : [],
      );
      return [name, { models: [...new Set(models)], fingerprints: [...new Set(fingerprints)] }];
    }),
  );
};
