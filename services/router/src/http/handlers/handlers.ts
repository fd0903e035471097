import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ControlAction, controlBodies, type RouteName } from '@parley/protocol';
import type { Probes } from '@parley/runtime';
import scenarios from '../../../scenarios.json' with { type: 'json' };
import type { Identity } from '../../identity/identity.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { agentPageOf } from '../pages/agent-views.ts';
import { branchTreeOf } from '../pages/branch-tree.ts';
import { conversationListOf, conversationPageOf, maxListed } from '../pages/conversation-pages.ts';
import { OverviewPage } from '../pages/overview-page.ts';
import { promptReply } from '../pages/prompt-page.ts';
import type { HttpRouter } from '../server/http-router.ts';
import { errorReply, type HttpReply, jsonReply, reply } from '../server/replies.ts';
import { readRequest } from './action-request.ts';
import type { Control } from './control.ts';
import { streamEvents } from './events.ts';
import type { ShareLinks } from './share-links.ts';

export interface HandlerParts {
  readonly router: HttpRouter;
  readonly ledger: Ledger;
  readonly control: Control;
  readonly shareLinks: ShareLinks;
  readonly probes: Probes;
}

/** A request whose route is known and allowed. */
interface RoutedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** The conversation in the path. */
  readonly id: string;
  readonly identity: Identity;
}

/** Undefined: the handler writes the response itself, as a stream. */
type Handler = (request: RoutedRequest) => HttpReply | undefined | Promise<HttpReply | undefined>;
export type Handlers = Readonly<Record<Exclude<RouteName, 'healthz' | 'readyz'>, Handler>>;

const shipped = JSON.stringify(scenarios);

const defaultListed = 100;
const maxFilterLength = 200;

/** A whole number that is not negative, or undefined. */
const wholeNumber = (text: string | null | undefined): number | undefined => {
  const value = text === null || text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
};

const limitOf = (query: URLSearchParams, fallback: number): number =>
  Math.max(1, Math.min(wholeNumber(query.get('limit')) ?? fallback, maxListed));

/** One handler for each route of the table. */
export const makeHandlers = ({ router, ledger, control, shareLinks, probes }: HandlerParts): Handlers => {
  const bodyOf = ({ request, id, identity }: RoutedRequest) =>
    readRequest({ request, id, identity, wall: router.clock.wall });
  const act =
    (action: ControlAction): Handler =>
    async (routed) => {
      const read = await bodyOf(routed);
      return 'error' in read ? read.error : control.handle({ action, ...read.request });
    };
  const actions = Object.fromEntries(
    (Object.keys(controlBodies) as ControlAction[]).map((action) => [action, act(action)]),
  ) as Record<ControlAction, Handler>;

  const overview = new OverviewPage(router, ledger);

  return {
    ...actions,
    async metrics() {
      return { status: 200, type: probes.metrics.contentType, body: await probes.metrics.metrics() };
    },
    overview: async () => jsonReply('overview', await overview.get()),
    async share(routed) {
      const read = await bodyOf(routed);
      return 'error' in read ? read.error : shareLinks.make(read.request);
    },
    async unshare(routed) {
      const read = await bodyOf(routed);
      return 'error' in read ? read.error : shareLinks.revoke(read.request);
    },
    shares: ({ id }) => shareLinks.list(id),
    scenarios: () => jsonReply('scenarios', shipped),
    me: ({ identity: { role, names, share } }) => reply('me', { role, names, ...(share && { share }) }),
    agents: ({ query }) =>
      reply(
        'agents',
        agentPageOf(router, {
          limit: limitOf(query, maxListed),
          after: query.get('after') ?? '',
          away: query.has('away'),
        }),
      ),
    async conversations({ query, response }) {
      const word = (name: string) => query.get(name)?.slice(0, maxFilterLength) || undefined;
      const listing = {
        limit: limitOf(query, defaultListed),
        before: wholeNumber(query.get('before')),
        filter: {
          ...{ status: word('status'), member: word('member'), ending: word('ending'), label: word('label') },
          ...{ from: wholeNumber(query.get('from')), to: wholeNumber(query.get('to')), q: word('q') },
          scope: query.get('scope') === 'messages' ? ('messages' as const) : undefined,
        },
        isWanted: () => !response.destroyed,
      };
      const list = await router.reads.run(conversationListOf(router, ledger, listing));
      return list === undefined ? undefined : jsonReply('conversations', list);
    },
    async conversation({ id, query }) {
      const as = query.get('as') ?? undefined;
      const since = wholeNumber(query.get('since')) ?? 0;
      const limit = wholeNumber(query.get('limit')) ?? Number.MAX_SAFE_INTEGER;
      const page = await router.reads.run(conversationPageOf(router, id, { since, limit, as }));
      if (page !== undefined) return jsonReply('conversation', page);
      const orNoMember = as === undefined ? '' : ', or that name has never been a member of it';
      return errorReply('unknown-conversation', `there is no such conversation${orNoMember}`);
    },
    async branches({ id }) {
      const tree = await router.reads.run(branchTreeOf(router, ledger, id));
      return tree
        ? reply('branches', tree)
        : errorReply('unknown-conversation', 'there is no such conversation');
    },
    prompt({ id, query }) {
      const seq = wholeNumber(query.get('seq'));
      return !seq
        ? errorReply('bad-frame', 'seq: expected the number of an entry')
        : promptReply(router, id, seq);
    },
    events({ request, response, query, identity }) {
      const lastId = request.headers['last-event-id'];
      const since =
        wholeNumber(typeof lastId === 'string' ? lastId : undefined) ?? wholeNumber(query.get('since'));
      const conversation = query.get('conversation') ?? undefined;
      const drafts = query.has('drafts');
      const headOnly = request.method === 'HEAD';
      streamEvents(router, ledger, response, { since, conversation, drafts, headOnly, reader: identity });
      return undefined;
    },
  };
};
