type Schema = { readonly [keyword: string]: unknown };

/**
 * A second opinion on the shapes: the keywords of JSON Schema that docs/schema uses, read as the JSON Schema
 * specification has them. It throws at a keyword that it does not know, so none can be overlooked.
 */
export const matches = (schema: Schema, value: unknown): boolean =>
  Object.entries(schema).every(([keyword, rule]) => check(keyword, rule, value));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const hasType = (type: unknown, value: unknown): boolean => {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return type === 'string' && typeof value === 'string';
  }
};

const check = (keyword: string, rule: unknown, value: unknown): boolean => {
  switch (keyword) {
    case '$schema':
    case '$id':
    case 'title':
    case 'description':
      return true;
    case 'type':
      return hasType(rule, value);
    case 'const':
      return value === rule;
    case 'enum':
      return (rule as unknown[]).includes(value);
    case 'oneOf':
      return (rule as Schema[]).filter((one) => matches(one, value)).length === 1;
    case 'anyOf':
      return (rule as Schema[]).some((one) => matches(one, value));
    case 'not':
      return !matches(rule as Schema, value);
    case 'properties':
      return (
        !isObject(value) ||
        Object.entries(rule as Record<string, Schema>).every(
          ([name, one]) => !Object.hasOwn(value, name) || matches(one, value[name]),
        )
      );
    case 'additionalProperties':
      return !isObject(value) || Object.values(value).every((one) => matches(rule as Schema, one));
    case 'required':
      return !isObject(value) || (rule as string[]).every((name) => Object.hasOwn(value, name));
    case 'items':
      return !Array.isArray(value) || value.every((item) => matches(rule as Schema, item));
    case 'minItems':
      return !Array.isArray(value) || value.length >= (rule as number);
    case 'maxItems':
      return !Array.isArray(value) || value.length <= (rule as number);
    case 'minLength':
      return typeof value !== 'string' || [...value].length >= (rule as number);
    case 'maxLength':
      return typeof value !== 'string' || [...value].length <= (rule as number);
    case 'pattern':
      return typeof value !== 'string' || new RegExp(rule as string, 'u').test(value);
    case 'minimum':
      return typeof value !== 'number' || value >= (rule as number);
    case 'maximum':
      return typeof value !== 'number' || value <= (rule as number);
    default:
      throw new Error(`schema-check does not know the keyword ${keyword}`);
  }
};
