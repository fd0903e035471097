import { writeFileSync } from 'node:fs';
import { type ControlAction, controlBodies, entry, limits, refusals } from './src/index.ts';

type Schema = { readonly [keyword: string]: unknown };

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});
const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer', minimum: 0 };
const fields = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

const schemas = {
  Entry: entry.schema,
  Limits: limits.schema,
  Error: fields({ error: fields({ code: text, message: text }) }),
  Acted: fields({ conversation: text, seq: count }),
  Agent: fields({
    name: text,
    dialect: { enum: ['plain', 'v1'] },
    replicas: count,
    capacity: count,
    active: count,
  }),
  Conversation: fields(
    {
      id: text,
      status: { enum: ['running', 'paused', 'ended'] },
      by: text,
      members: { type: 'array', items: text },
      policy: text,
      topic: text,
      limits: ref('Limits'),
      turns: count,
      seq: count,
      floor: { type: 'array', items: text },
      usage: fields({ inputTokens: count, outputTokens: count, cost: { type: 'number' } }),
      moderator: text,
      admission: { enum: ['invited', 'open'] },
      seats: { type: 'object', additionalProperties: text },
      parent: fields({ conversation: text, seq: count }),
      startedAt: { type: 'number', description: 'ms since 1970' },
      endedAt: { type: 'number', description: 'ms since 1970' },
      ending: fields({ reason: text, detail: text }, ['detail']),
    },
    ['topic', 'moderator', 'admission', 'parent', 'endedAt', 'ending'],
  ),
};

const id = { name: 'id', in: 'path', required: true, schema: text };
const query = (name: string, description: string, schema: Schema = count) => ({
  name,
  in: 'query',
  description,
  schema,
});
const key = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'A repetition with the same key is answered like the first, and nothing is done twice.',
  schema: { type: 'string', maxLength: 200 },
};
const failures = {
  '401': json(ref('Error'), 'No token, or one that does not hold'),
  '403': json(ref('Error'), 'The role does not allow it'),
};

const summaries: Readonly<Record<ControlAction, string>> = {
  open: 'Open a conversation',
  pause: 'Pause it after the line under way',
  resume: 'Go on',
  step: 'Go on for some lines, then pause',
  end: 'End it',
  say: 'Say a line as the operator, or from a seat that was taken',
  whisper: 'Tell some members something in private',
  invite: 'Make an agent a member',
  seat: "Take a member's seat",
  unseat: 'Give the seat back',
  recast: "Change a member's model or persona from its next turn on",
  fork: 'Another conversation that shares the entries up to one of them',
};

const act = (action: ControlAction) => ({
  post: {
    operationId: action,
    summary: summaries[action],
    parameters: action === 'open' ? [key] : [id, key],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: controlBodies[action].schema } },
    },
    responses: {
      ...(action === 'open' || action === 'fork'
        ? {
            '201': json(ref('Acted'), 'It is in the ledger'),
            '200': json(ref('Acted'), 'It was there already'),
          }
        : { '200': json(ref('Acted'), 'It is in the ledger') }),
      '400': json(ref('Error'), 'The body is wrong'),
      ...failures,
      ...(action !== 'open' && { '404': json(ref('Error'), 'There is no such conversation') }),
      '409': json(ref('Error'), `Refused; \`code\` is one of ${Object.keys(refusals).join(', ')}`),
      '413': json(ref('Error'), 'The body is too large'),
      '415': json(ref('Error'), 'The content type is not application/json'),
      '503': json(ref('Error'), 'Not now'),
    },
  },
});

const get = (
  operationId: string,
  summary: string,
  parameters: readonly object[],
  ok: object,
  more: Readonly<Record<string, object>> = failures,
) => ({ get: { operationId, summary, parameters, responses: { '200': ok, ...more } } });

/** A page holds 512 KiB at most, and one item in any case. */
const page = (of: Readonly<Record<string, Schema>>): Schema => {
  const next = { ...text, description: 'Path and query of the next page; missing when this is the last one' };
  return fields({ ...of, next }, ['next']);
};
const plain = (description: string) => ({ description, content: { 'text/plain': { schema: text } } });
const unready = { '503': plain('Not now, and why') };
const missing = { ...failures, '404': json(ref('Error'), 'There is no such conversation') };

const actions = (Object.keys(controlBodies) as ControlAction[]).filter((action) => action !== 'open');

const paths = {
  '/healthz': get('healthz', 'Whether the process lives', [], plain('It does'), unready),
  '/readyz': get('readyz', 'Whether it takes work', [], plain('It does'), unready),
  '/metrics': get('metrics', 'Metrics in the text format of Prometheus', [], plain('Metrics')),
  '/v1/agents': get(
    'agents',
    'Who is connected',
    [
      query('limit', 'At most so many (1000 at most, and when it is missing)'),
      query('after', 'Only names behind this one', text),
    ],
    json(page({ agents: { type: 'array', items: ref('Agent') } }), 'By name'),
  ),
  '/v1/conversations': {
    ...get(
      'conversations',
      'The newest conversations',
      [
        query('limit', 'At most so many (100, at most 1000)'),
        query('before', 'Only those that were opened before; a number out of `next`'),
      ],
      json(page({ conversations: { type: 'array', items: ref('Conversation') } }), 'Newest first'),
    ),
    ...act('open'),
  },
  '/v1/conversations/{id}': get(
    'conversation',
    'One conversation and its entries, oldest first',
    [
      id,
      query('since', 'Only entries after this number'),
      query('limit', 'At most so many entries (5000 at most, and when it is missing)'),
      query('as', 'Only what this member or former member may see', text),
    ],
    json(
      page({ conversation: ref('Conversation'), entries: { type: 'array', items: ref('Entry') } }),
      'The conversation',
    ),
    missing,
  ),
  ...Object.fromEntries(actions.map((action) => [`/v1/conversations/{id}/${action}`, act(action)])),
  '/v1/events': get(
    'events',
    'Everything as it happens, as server-sent events: `entry` (its id is a position of the ledger), `chunk`, `agents`',
    [
      query('since', 'Begin after this position of the ledger; without: from now on'),
      query('conversation', 'Only this one', text),
      {
        name: 'Last-Event-ID',
        in: 'header',
        description: 'As `since`, for a reader that comes back',
        schema: count,
      },
    ],
    { description: 'The events', content: { 'text/event-stream': { schema: text } } },
  ),
};

/** docs/openapi.json. */
export const openapi = `${JSON.stringify(
  {
    openapi: '3.1.0',
    info: {
      title: 'Parley router',
      version: '1',
      description:
        'Reading needs the role observer or operator, acting the role operator, where the router has tokens.',
    },
    servers: [{ url: 'http://127.0.0.1:8765' }],
    security: [{ token: [] }, {}],
    paths,
    components: { schemas, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  },
  null,
  2,
)}\n`;

if (import.meta.main) writeFileSync(new URL('../../docs/openapi.json', import.meta.url), openapi);
