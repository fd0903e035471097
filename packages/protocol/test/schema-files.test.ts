import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { schemaFiles } from '../generate-schema.ts';

const folder = new URL('../../../docs/schema/', import.meta.url);

describe('docs/schema', () => {
  it('is what `npm run generate` writes', () => {
    expect(readdirSync(folder).sort()).toEqual([...schemaFiles.keys()].sort());
    for (const [file, text] of schemaFiles) expect(readFileSync(new URL(file, folder), 'utf8')).toBe(text);
  });
});
