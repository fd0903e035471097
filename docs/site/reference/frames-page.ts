import { fieldTable, type Schema } from './schema-text.ts';

const nameOf = ({ properties }: Schema): string =>
  String(properties?.type?.enum?.[0] ?? properties?.type?.const ?? 'text');

/** Every frame of the wire with its fields, from the JSON Schemas, which are made from the shapes that the programs check with. */
export const framesPage = (dialects: readonly (readonly [title: string, schema: Schema])[]): string =>
  [
    '# Frames',
    '',
    'The frames of both dialects and their fields. What they mean, and when they are sent: [PROTOCOL.md](../PROTOCOL.md). Made from `docs/schema`.',
    '',
    ...dialects.flatMap(([title, { oneOf = [], anyOf = [] }]) => [
      `## ${title}`,
      '',
      ...[...oneOf, ...anyOf].flatMap((frame) => [`### ${nameOf(frame)}`, '', fieldTable(frame)]),
    ]),
  ].join('\n');
