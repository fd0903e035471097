import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  clientFrame,
  entry,
  limits,
  passReasons,
  plainClientSchema,
  plainRouterFrame,
  policyNames,
  routerFrame,
} from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { repository } from '../harness/started-process.ts';

interface ObjectSchema {
  readonly properties: { readonly [field: string]: unknown; readonly type?: { readonly enum: string[] } };
  readonly required: readonly string[];
}

const text = readFileSync(join(repository, 'PROTOCOL.md'), 'utf8');
const section = (number: number): string =>
  text.split(/^## /m).find((part) => part.startsWith(`${number}. `)) ?? '';

/** The fields of an interface at its outermost level, with `?` where they may be missing. */
const fieldsOf = (body: string): string[] => {
  const code = body.replaceAll(/\/\/.*$/gm, '');
  let flat = code;
  for (let before = ''; before !== flat; ) {
    before = flat;
    flat = flat.replaceAll(/\{[^{}]*\}/g, 'object');
  }
  return [...flat.matchAll(/(?:^|[;{\n])\s*(\w+\??):/g)].map(([, name]) => name as string);
};

/** The interfaces in the TypeScript of a part of PROTOCOL.md: name, and the text between the outermost braces. */
const interfacesOf = (part: string): { name: string; body: string }[] => {
  const code = [...part.matchAll(/^ *```ts\n([\s\S]*?)^ *```/gm)].map(([, block]) => block).join('\n');
  return [...code.matchAll(/^ *interface (\w+) +\{/gm)].map((match) => {
    const start = match.index + match[0].length;
    let depth = 1;
    let end = start;
    for (; depth > 0; end++) depth += code[end] === '{' ? 1 : code[end] === '}' ? -1 : 0;
    return { name: match[1] as string, body: code.slice(start, end - 1) };
  });
};

/** Fields by `type`, or by the name of the interface where it has no `type`. */
const documented = (part: string): Record<string, string[]> =>
  Object.fromEntries(
    interfacesOf(part).map(({ name, body }) => [
      /(?:^|[;{\s])type: '([a-z]+)'/.exec(body)?.[1] ?? name,
      fieldsOf(body).sort(),
    ]),
  );

const implemented = (schema: ObjectSchema, leftOut: readonly string[] = []): string[] =>
  Object.keys(schema.properties)
    .filter((field) => !leftOut.includes(field))
    .map((field) => (schema.required.includes(field) ? field : `${field}?`))
    .sort();

const byType = (union: { readonly schema: { readonly [keyword: string]: unknown } }, leftOut?: string[]) =>
  Object.fromEntries(
    (union.schema.oneOf as ObjectSchema[]).map((one) => [
      one.properties.type?.enum[0],
      implemented(one, leftOut),
    ]),
  );

const pick = (from: Record<string, string[]>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, from[name]]));

describe('The TypeScript shapes of PROTOCOL.md', () => {
  it.each([
    ['client', 4, byType(clientFrame)],
    ['router', 5, byType(routerFrame)],
    ['plain router', 3, byType(plainRouterFrame)],
  ])(
    'the TypeScript shapes of PROTOCOL.md have the fields of each %s frame, required and optional',
    (_, number, frames) => {
      const shapes = documented(section(number));
      expect(pick(shapes, Object.keys(frames))).toEqual(frames);
    },
  );

  it('the TypeScript shapes of PROTOCOL.md have the fields of each plain client frame, required and optional', () => {
    const [register, message, pass, leave, ping] = plainClientSchema.oneOf as unknown as ObjectSchema[];
    expect(documented(section(3))).toMatchObject({
      register: implemented(register!),
      PlainMessage: implemented(message!),
      pass: implemented(pass!),
      leave: implemented(leave!),
      ping: implemented(ping!),
    });
  });

  it('the TypeScript shapes of PROTOCOL.md have the fields of each entry, with `seq` and `at` once for all', () => {
    expect(documented(section(9))).toEqual(byType(entry, ['seq', 'at']));
  });

  it('the TypeScript shapes of PROTOCOL.md have every limit of a conversation', () => {
    const { properties } = limits.schema as unknown as ObjectSchema;
    const optional = Object.keys(properties).map((field) => `${field}?`);
    expect(documented(section(10)).Limits).toEqual(optional.sort());
  });
});

describe('The clauses of PROTOCOL.md', () => {
  it('the clauses of PROTOCOL.md have each number once', () => {
    const numbers = [...text.matchAll(/^- (\d+\.\d+) /gm)].map(([, number]) => number);
    expect(numbers.length).toBeGreaterThan(50);
    expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
  });
});

describe('The lists of PROTOCOL.md', () => {
  it('the lists of PROTOCOL.md name every policy', () => {
    const [table = ''] = /\| policy \|[\s\S]*?\n\n/.exec(section(10)) ?? [];
    const rows = [...table.matchAll(/^ *\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual([...policyNames].sort());
  });

  it('the lists of PROTOCOL.md name every reason of a pass', () => {
    const [lists = ''] = /^Reasons that pass the turn on:[\s\S]*?^- 4\.4 /m.exec(section(4)) ?? [];
    const reasons = [...lists.matchAll(/^- (.*?):/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name),
    );
    expect(reasons.sort()).toEqual([...passReasons].sort());
  });
});
