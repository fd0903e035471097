import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { schemaFiles } from '../generate-schema.ts';

const folder = new URL('../../../docs/schema/', import.meta.url);

describe('docs/schema', () => {
  it('docs/schema is what `npm run generate` writes', () => {
    // The schema of scenarios is the CLI's.
    const own = readdirSync(folder).filter((file) => file !== 'scenario.json');
    expect(own.sort()).toEqual([...schemaFiles.keys()].sort());
    for (const [file, text] of schemaFiles) expect(readFileSync(new URL(file, folder), 'utf8')).toBe(text);
  });
});
