import { fieldTable, type Schema, table, typeText } from './schema-text.ts';

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}
interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}
export interface OpenApi {
  readonly info: { readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const schemaIn = ({ content = {} }: Content): Schema | undefined => Object.values(content)[0]?.schema;

const operation = (method: string, path: string, one: Operation): string => {
  const { summary, description, parameters = [], requestBody, responses } = one;
  const body = requestBody && schemaIn(requestBody);
  return [
    `## ${method.toUpperCase()} ${path}`,
    '',
    `${summary}.${description ? ` ${description}` : ''}`,
    '',
    ...(parameters.length > 0
      ? [
          table(
            ['parameter', 'in', 'type', 'meaning'],
            parameters.map((parameter) => [
              `\`${parameter.name}\``,
              parameter.in,
              `\`${typeText(parameter.schema ?? {})}\``,
              parameter.description ?? '',
            ]),
          ),
        ]
      : []),
    ...(body?.properties ? ['The body:', '', fieldTable(body)] : []),
    table(
      ['status', 'meaning'],
      Object.entries(responses).map(([status, response]) => [status, response.description]),
    ),
    ...Object.entries(responses).flatMap(([status, response]) => {
      const schema = schemaIn(response);
      return /^2/.test(status) && schema?.properties ? [`The answer ${status}:`, '', fieldTable(schema)] : [];
    }),
  ].join('\n');
};

/** The HTTP interface, from docs/openapi.json, which is made from the route table of the router. */
export const httpPage = ({ info, paths }: OpenApi): string =>
  [
    '# HTTP interface',
    '',
    `${info.description} Made from \`docs/openapi.json\`, which describes every body in full.`,
    '',
    ...Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => operation(method, path, one)),
    ),
  ].join('\n');
