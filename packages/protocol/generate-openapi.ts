import { writeFileSync } from 'node:fs';
import {
  actionResult,
  agentView,
  conversationView,
  entry,
  errorStatusesOf,
  eventData,
  httpError,
  limits,
  type Route,
  routes,
} from './src/index.ts';

type Schema = { readonly [keyword: string]: unknown };

/** Schemas that the document names once. Elsewhere they are references. */
const components: Readonly<Record<string, Schema>> = {
  Entry: entry.schema,
  Limits: limits.schema,
  Conversation: conversationView.schema,
  Agent: agentView.schema,
  ActionResult: actionResult.schema,
  Error: httpError.schema,
  EntryEvent: eventData.entry.schema,
  ChunkEvent: eventData.chunk.schema,
};
const nameOf = new Map(Object.entries(components).map(([name, schema]) => [schema, name]));

/** The schema with a reference in place of each component inside it. */
const referring = (schema: unknown, isComponent = false): unknown => {
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = nameOf.get(schema as Schema);
  if (name !== undefined && !isComponent) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(schema)) return schema.map((one) => referring(one));
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, referring(value)]));
};

const text: Schema = { type: 'string' };
const meanings: Readonly<Record<number, string>> = {
  400: 'The request is malformed, or a token is in its URL',
  401: 'There is no token, or it is not valid',
  403: 'The role of the token, the Host or the Origin is not allowed',
  404: 'There is no such conversation',
  409: 'The conversation refuses the action; `code` says why',
  413: 'The body is too large',
  415: 'The content type is not application/json',
  422: 'The idempotency key was used for another request',
  500: 'The conversation is damaged in the ledger, or the router has an error',
  503: 'Not now: the same request may succeed later',
};

const contentOf = ({ success: { content } }: Route): Schema => {
  switch (content.kind) {
    case 'json':
      return { 'application/json': { schema: referring(content.shape.schema) } };
    case 'text':
      return { 'text/plain': { schema: text } };
    case 'events': {
      const kinds = Object.keys(content.data).join(', ');
      return { 'text/event-stream': { schema: { ...text, description: `Events of the types ${kinds}` } } };
    }
  }
};

const errorContent = ({ access }: Route): Schema =>
  access === 'public'
    ? { 'text/plain': { schema: text } }
    : { 'application/json': { schema: referring(httpError.schema) } };

const parametersOf = ({ path, query = {}, headers = {} }: Route) => [
  ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: text })),
  ...Object.entries(query).map(([name, { description, shape }]) => ({
    name,
    in: 'query',
    description,
    schema: shape.schema,
  })),
  ...Object.entries(headers).map(([name, { description, shape }]) => ({
    name,
    in: 'header',
    description,
    schema: shape.schema,
  })),
];

/** Where conversations are divided among several streams: the response to a request that names or opens a conversation. */
const movedOf = ({ method, path, query }: Route) =>
  (path.includes('{id}') || query?.conversation || (method === 'POST' && path === '/v1/conversations')) && {
    307: {
      description:
        'The conversation belongs to another stream: repeat the request unchanged at the `location`',
      headers: { location: { required: true, schema: text } },
      content: {
        'application/json': {
          schema: { type: 'object', properties: { location: text }, required: ['location'] },
        },
      },
    },
  };

const operation = (operationId: string, route: Route) => ({
  operationId,
  summary: route.summary,
  parameters: parametersOf(route),
  ...(route.access === 'public' && { security: [] }),
  ...(route.body && {
    requestBody: {
      required: true,
      content: { 'application/json': { schema: referring(route.body.schema) } },
    },
  }),
  responses: {
    [route.success.status]: { description: route.success.description, content: contentOf(route) },
    ...movedOf(route),
    ...Object.fromEntries(
      errorStatusesOf(route).map((status) => [
        status,
        { description: meanings[status], content: errorContent(route) },
      ]),
    ),
  },
});

const paths: Record<string, Record<string, object>> = {};
for (const [name, route] of Object.entries<Route>(routes))
  paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };

/** docs/openapi.json. */
export const openapi = `${JSON.stringify(
  {
    openapi: '3.1.0',
    info: {
      title: 'Parley router',
      version: '1',
      description:
        'Where the router has tokens, reading needs the role observer or operator, and acting needs the role operator. ' +
        'A path or action that does not exist is answered 404 `not-found`, a method other than GET, HEAD and POST 405 `method-not-allowed`.',
    },
    servers: [{ url: 'http://127.0.0.1:8765' }],
    security: [{ token: [] }, {}],
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(components).map(([name, schema]) => [name, referring(schema, true)]),
      ),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  },
  null,
  2,
)}\n`;

if (import.meta.main) writeFileSync(new URL('../../docs/openapi.json', import.meta.url), openapi);
