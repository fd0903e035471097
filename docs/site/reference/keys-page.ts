import { type Schema, table, typeText } from './schema-text.ts';

type Row = readonly [key: string, type: string, needed: string, meaning: string];

/** A value that may be written in two ways is described by its form with keys. */
const objectIn = (schema: Schema): Schema | undefined =>
  schema.properties || schema.patternProperties ? schema : schema.anyOf?.find(({ properties }) => properties);

const rows = (schema: Schema, path: string): Row[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]): Row[] => {
    const key = `${path}${name}`;
    const nested = objectIn(inner);
    const own: Row = [
      `\`${key}\``,
      nested ? '' : `\`${typeText(inner)}\``,
      schema.required?.includes(name) ? 'yes' : '',
      inner.description ?? '',
    ];
    return [own, ...(nested ? rows(nested, `${key}.`) : [])];
  }),
  ...Object.values(schema.patternProperties ?? {}).flatMap((inner) => {
    const nested = objectIn(inner);
    return nested ? rows(nested, `${path}NAME.`) : [];
  }),
];

/** Every key of a scenario file, from the schema with which editors check it. */
export const keysPage = (schema: Schema): string =>
  [
    '# Keys of a scenario',
    '',
    'Every key of a scenario file; what they do together is in [Scenarios](../docs/scenarios.md). `NAME` stands for the name of a member. Made from `docs/schema/scenario.json`.',
    '',
    table(['key', 'value', 'needed', 'meaning'], rows(schema, '')),
  ].join('\n');
