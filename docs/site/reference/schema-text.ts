/** The part of JSON Schema that the shapes of Parley use. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly $ref?: string;
}

const safely = (value: number | undefined): value is number =>
  value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;

const bounds = ({ type, minimum, maximum, maxLength }: Schema): string => {
  const parts = [
    safely(minimum) && safely(maximum) && `${minimum} to ${maximum}`,
    safely(minimum) && !safely(maximum) && minimum !== 0 && `from ${minimum}`,
    type === 'string' && safely(maxLength) && `at most ${maxLength} characters`,
  ].filter(Boolean);
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
};

/** A type in a few words, such as a reader of TypeScript writes it. `depth`: how far objects are written out. */
export const typeText = (schema: Schema, depth = 1): string => {
  const {
    type,
    enum: values,
    anyOf,
    oneOf,
    items,
    properties,
    $ref,
    additionalProperties,
    required = [],
  } = schema;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (values) return values.map((value) => JSON.stringify(value)).join(' | ');
  if ($ref) return $ref.replace(/^.*\//, '');
  const several = anyOf ?? oneOf;
  if (several) return [...new Set(several.map((one) => typeText(one, depth)))].join(' | ');
  if (type === 'array') return `list of ${typeText(items ?? {}, depth)}`;
  if (properties) {
    if (depth === 0) return 'object';
    const fields = Object.entries(properties).map(
      ([name, inner]) => `${name}${required.includes(name) ? '' : '?'}: ${typeText(inner, depth - 1)}`,
    );
    return `{ ${fields.join(', ')} }`;
  }
  if (typeof additionalProperties === 'object') return `map of ${typeText(additionalProperties, depth)}`;
  return `${type ?? 'any'}${bounds(schema)}`;
};

/** A text as a cell of a table of Markdown. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim();

const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

export const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(titles), `|${titles.map(() => '---').join('|')}|`, ...rows.map(row), ''].join('\n');

/** The fields of an object, a row each; with their meaning where the schema tells it of any. */
export const fieldTable = ({ properties = {}, required = [] }: Schema): string => {
  const fields = Object.entries(properties);
  const isTold = fields.some(([, { description }]) => description !== undefined);
  return table(
    ['field', 'type', 'needed', ...(isTold ? ['meaning'] : [])],
    fields.map(([name, inner]) => [
      `\`${name}\``,
      `\`${typeText(inner)}\``,
      required.includes(name) ? 'yes' : '',
      ...(isTold ? [inner.description ?? ''] : []),
    ]),
  );
};
