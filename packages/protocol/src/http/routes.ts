import { conversationId, count, name } from '../entry.ts';
import { oneOf, type Shape, type Static, text } from '../shape.ts';
import { endings } from '../words.ts';
import { branchTree } from './branches.ts';
import { type ControlAction, controlBodies, shareBodies } from './control.ts';
import { overview } from './overview.ts';
import type { Route } from './route.ts';
import {
  actionResult,
  agentPage,
  conversationList,
  conversationPage,
  eventData,
  identityView,
  newShare,
  promptView,
  revokedShare,
  scenarioList,
  shareList,
} from './views.ts';

const json = <S extends Shape<unknown>>(description: string, shape: S) =>
  ({ status: 200, description, content: { kind: 'json', shape } }) as const;
const plain = (description: string) => ({ status: 200, description, content: { kind: 'text' } }) as const;

const parameter = (description: string, shape: Shape<unknown> = count) => ({ description, shape });

/** Characters of an `Idempotency-Key`. */
export const maxIdempotencyKey = 200;

const idempotencyKey = {
  'Idempotency-Key': parameter(
    'A repeated request with the same key gets the response of the first and has no further effect',
    text({ min: 1, max: maxIdempotencyKey }),
  ),
} as const;

const action = <A extends ControlAction>(name: A, status: 200 | 201, summary: string) =>
  ({
    method: 'POST',
    path: name === 'open' ? '/v1/conversations' : `/v1/conversations/{id}/${name}`,
    access: 'operator',
    summary,
    headers: idempotencyKey,
    body: controlBodies[name],
    success: {
      status,
      description: 'The entry is in the ledger',
      content: { kind: 'json', shape: actionResult },
    },
    errors: [409, 413, 415, 422, ...(name === 'open' ? [] : [404])],
  }) as const;

const actions = {
  open: action('open', 201, 'Open a conversation'),
  pause: action('pause', 200, 'Pause a conversation after the turn that is running'),
  resume: action('resume', 200, 'Resume a paused conversation'),
  step: action('step', 200, 'Resume a conversation for a number of messages, then pause it'),
  end: action('end', 200, 'End a conversation'),
  say: action('say', 200, 'Send a message as the operator, or as a member whose seat was taken'),
  whisper: action('whisper', 200, 'Send a private note to some members'),
  invite: action('invite', 200, 'Make an agent a member'),
  seat: action('seat', 200, 'Take the seat of a member, to speak in its place'),
  unseat: action('unseat', 200, 'Give the seat back'),
  recast: action('recast', 200, 'Change the persona or the model of a member from its next turn on'),
  fork: action('fork', 201, 'Open a conversation that shares the entries of another one up to one of them'),
} as const satisfies Record<ControlAction, Route>;

const shareLinks = {
  share: {
    method: 'POST',
    path: '/v1/conversations/{id}/share',
    access: 'operator',
    summary: 'Make a link with which a person without another token reads this conversation and nothing else',
    body: shareBodies.share,
    success: {
      status: 201,
      description: 'The link; its token is told only here',
      content: { kind: 'json', shape: newShare },
    },
    errors: [404, 413, 415],
  },
  unshare: {
    method: 'POST',
    path: '/v1/conversations/{id}/unshare',
    access: 'operator',
    summary: 'Revoke a share link',
    body: shareBodies.unshare,
    success: json('The link is not valid any more', revokedShare),
    errors: [404, 413, 415],
  },
  shares: {
    method: 'GET',
    path: '/v1/conversations/{id}/shares',
    access: 'operator',
    summary: 'The share links of a conversation, also those that have expired or were revoked',
    success: json('The links, the newest first', shareList),
    errors: [404],
  },
} as const satisfies Record<string, Route>;

const reads = {
  healthz: {
    method: 'GET',
    path: '/healthz',
    access: 'public',
    summary: 'Whether the process runs',
    success: plain('It runs'),
    errors: [],
  },
  readyz: {
    method: 'GET',
    path: '/readyz',
    access: 'public',
    summary: 'Whether the router accepts work',
    success: plain('It does'),
    errors: [503],
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    access: 'reader',
    summary: 'Metrics in the text format of Prometheus',
    success: plain('The metrics'),
    errors: [],
  },
  me: {
    method: 'GET',
    path: '/v1/me',
    access: 'reader',
    share: 'none',
    summary: 'The role and the names of the token of the request',
    success: json('The identity', identityView),
    errors: [],
  },
  overview: {
    method: 'GET',
    path: '/v1/overview',
    access: 'reader',
    summary:
      'What needs a person, what runs, and sums of the last hour and of today. Made at most once in a second',
    success: json('The overview', overview),
    errors: [],
  },
  scenarios: {
    method: 'GET',
    path: '/v1/scenarios',
    access: 'reader',
    summary: 'The scenarios that come with this version, each with the body that opens its conversation',
    success: json('The scenarios', scenarioList),
    errors: [],
  },
  agents: {
    method: 'GET',
    path: '/v1/agents',
    access: 'reader',
    summary: 'The names that are connected',
    query: {
      limit: parameter('Maximum number of agents. Default and maximum: 1000'),
      after: parameter('Only names that sort after this one', name),
      away: parameter('Also names that were connected since the router started', oneOf(['1'])),
    },
    success: json('A page, sorted by name', agentPage),
    errors: [],
  },
  conversations: {
    method: 'GET',
    path: '/v1/conversations',
    access: 'reader',
    summary: 'The conversations, newest first',
    query: {
      limit: parameter('Maximum number of conversations. Default: 100, maximum: 1000'),
      before: parameter('Only conversations that were opened before this one; a number that `next` holds'),
      status: parameter('Only conversations with this status', oneOf(['running', 'paused', 'ended'])),
      member: parameter('Only conversations with this member', name),
      ending: parameter('Only conversations that ended for this reason', oneOf(endings)),
      q: parameter(
        'Only conversations with this text in the title: the topic, else the members',
        text({ max: 200 }),
      ),
      scope: parameter(
        'Where `q` is searched: in titles (default), or also in what was said, of which 16 MiB are read for one page and 64 MiB of one conversation',
        oneOf(['titles', 'messages']),
      ),
      label: parameter('Only conversations with this label', text({ max: 64 })),
      from: parameter(
        'Only conversations that were opened at this time or later, in milliseconds since 1970',
      ),
      to: parameter('Only conversations that were opened before this time, in milliseconds since 1970'),
    },
    success: json('A page, newest first', conversationList),
    errors: [],
  },
  conversation: {
    method: 'GET',
    path: '/v1/conversations/{id}',
    access: 'reader',
    share: 'path',
    summary: 'One conversation and its entries, oldest first',
    query: {
      since: parameter('Only entries with a larger seq'),
      limit: parameter('Maximum number of entries. Default and maximum: 5000'),
      as: parameter('Only what this member or former member may see', name),
    },
    success: json('The conversation and a page of its entries', conversationPage),
    errors: [404],
  },
  branches: {
    method: 'GET',
    path: '/v1/conversations/{id}/branches',
    access: 'reader',
    summary: 'The tree of forks to which a conversation belongs',
    success: json('The branches, each parent before its forks', branchTree),
    errors: [404],
  },
  prompt: {
    method: 'GET',
    path: '/v1/conversations/{id}/prompt',
    access: 'operator',
    summary: 'The calls of a model that led to an entry, as the agent sent them',
    query: { seq: parameter('The entry: a message, a pass, a bid or a lapse') },
    success: json('The calls, oldest first', promptView),
    errors: [404],
  },
  events: {
    method: 'GET',
    path: '/v1/events',
    access: 'reader',
    share: 'query',
    summary: 'Server-sent events: every entry, and what happens besides',
    query: {
      since: parameter('Start after this position of the ledger. Default: the current end'),
      conversation: parameter('Only events of this conversation', conversationId),
      drafts: parameter(
        'Start with the text so far of messages that are being written, each as one `chunk`',
        text({ max: 8 }),
      ),
    },
    headers: { 'Last-Event-ID': parameter('As `since`, of a reader that reconnects') },
    success: {
      status: 200,
      description: 'The events, until the reader closes the connection',
      content: { kind: 'events', data: eventData },
    },
    errors: [],
  },
} as const satisfies Record<string, Route>;

export const routes = { ...reads, ...actions, ...shareLinks } as const;
export type RouteName = keyof typeof routes;

/** The body of a successful response. */
export type ResponseBody<N extends RouteName> = (typeof routes)[N]['success']['content'] extends {
  readonly shape: infer S;
}
  ? Static<S>
  : never;

/**
 * Statuses of errors of a route. Those of each route with a token: 400 (the request, or a token in its URL), 401, 403 (role,
 * Host or Origin), 500, and 503 (too many connections, or the keys for tokens cannot be read).
 */
export const errorStatusesOf = ({ access, errors }: Route): readonly number[] =>
  access === 'public' ? errors : [...new Set([400, 401, 403, ...errors, 500, 503])].sort((a, b) => a - b);

/** The path and query of a request. Undefined values are left out of the query. */
export const requestPath = (
  route: RouteName,
  {
    id = '',
    query = {},
  }: { id?: string; query?: Readonly<Record<string, string | number | undefined>> } = {},
): string => {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  const path = routes[route].path.replace('{id}', encodeURIComponent(id));
  return search.size === 0 ? path : `${path}?${search}`;
};
