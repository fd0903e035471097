import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { clientFrame, closings, endings, entry, refusals, routerFrame } from '../src/index.ts';

const text = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8');

/** The text of one numbered section. */
const section = (number: number): string =>
  text.split(/^## /m).find((part) => part.startsWith(`${number}. `)) ?? '';

const typesIn = (schema: { readonly [keyword: string]: unknown }): string[] =>
  (schema.oneOf as { properties: { type: { enum: string[] } } }[]).map((one) => one.properties.type.enum[0]!);

const rowsOf = (part: string): string[] =>
  [...part.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap((row) =>
    [...row[1]!.matchAll(/`([^`]+)`/g)].map((m) => m[1]!),
  );

describe('PROTOCOL.md', () => {
  it('PROTOCOL.md lists every frame that a client sends', () => {
    expect(rowsOf(section(4)).sort()).toEqual(typesIn(clientFrame.schema).sort());
  });

  it('PROTOCOL.md lists every frame that the router sends', () => {
    expect(rowsOf(section(5)).sort()).toEqual(typesIn(routerFrame.schema).sort());
  });

  it('PROTOCOL.md lists every close code with its name', () => {
    const listed = [...section(6).matchAll(/(4\d{3}) \| `([a-z-]+)`/g)].map((m) => [m[2], Number(m[1])]);
    expect(Object.fromEntries(listed)).toEqual(
      Object.fromEntries(Object.entries(closings).map(([name, { code }]) => [name, code])),
    );
  });

  it('PROTOCOL.md lists every refusal and whether a retry may help', () => {
    const listed = [...section(8).matchAll(/^\| (`.+`) \| (yes|no) \|/gm)].flatMap((row) =>
      [...row[1]!.matchAll(/`([^`]+)`/g)].map((m) => [m[1]!, { retry: row[2] === 'yes' }]),
    );
    expect(Object.fromEntries(listed)).toEqual(refusals);
  });

  it('PROTOCOL.md lists every entry and every ending', () => {
    expect(rowsOf(section(9)).sort()).toEqual(typesIn(entry.schema).sort());
    const named = section(9).split('Endings:')[1] ?? '';
    expect([...named.matchAll(/`([a-z-]+)`/g)].map((m) => m[1]).sort()).toEqual([...endings].sort());
  });
});
