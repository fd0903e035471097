import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerProbe } from '@parley/runtime';
import type { OtherStreams } from '../../cluster/other-streams.ts';
import { LedgerDamage } from '../../ledger/damage.ts';
import type { ConsoleFile } from '../handlers/console-files.ts';
import { type HandlerParts, makeHandlers } from '../handlers/handlers.ts';
import { movedTo } from '../handlers/moved.ts';
import { matchRoute } from '../route-table.ts';
import { type AuthorizationParts, authorize } from './authorization.ts';
import { errorReply, type HttpReply, sendReply } from './replies.ts';
import type { RequestFilter } from './request-filter.ts';

export interface RequestHandlerParts extends HandlerParts, AuthorizationParts {
  readonly console: ReadonlyMap<string, ConsoleFile>;
  readonly filterRequest: RequestFilter;
  /** Undefined where all conversations are in one stream. */
  readonly otherStreams: OtherStreams | undefined;
}

type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * These two paths need no token. They are answered also above the connection limit, so that a router at its limit is not
 * restarted.
 */
const isHealthProbe = (url: string | undefined): boolean => url === '/healthz' || url === '/readyz';

/**
 * Answers one request: health probe, request filter, file of the console, route. Unknown paths need a token too, so that they
 * tell nothing to a client without one. Every error is answered or ends the connection of this request only.
 */
export const makeRequestHandler = (parts: RequestHandlerParts): RequestHandler => {
  const { router, probes, rejections } = parts;
  const handlers = makeHandlers(parts);

  /** The same reply, after it was counted when it is a refusal. `about` has no path: a peer may write a token there by mistake. */
  const counted = (request: IncomingMessage, reply: HttpReply, route = ''): HttpReply => {
    const about = `${request.method} ${route}`.trimEnd();
    rejections.answered(reply.status, { address: request.socket.remoteAddress, about });
    return reply;
  };

  const handle = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<HttpReply | undefined> => {
    if (isHealthProbe(request.url) && answerProbe(probes, request, response)) return undefined;
    const filtered = parts.filterRequest(request);
    if (filtered) {
      response.setHeader('connection', 'close');
      return errorReply(filtered.code, filtered.message, filtered.status);
    }
    const { method } = request;
    const isRead = method === 'GET' || method === 'HEAD';
    if (!isRead && method !== 'POST')
      return counted(request, errorReply('method-not-allowed', 'the methods are GET, HEAD and POST'));
    const { pathname, search, searchParams } = new URL(request.url ?? '/', 'http://router');
    const file = isRead ? parts.console.get(pathname) : undefined;
    if (file) return { status: 200, ...file };
    const matched = matchRoute(method, pathname);
    const place = { route: matched?.route, id: matched?.id ?? '', query: searchParams };
    const authorized = await authorize(parts, place, request, response);
    if ('error' in authorized) return authorized.error;
    if (!matched || matched.name === 'healthz' || matched.name === 'readyz')
      return counted(request, errorReply('not-found', 'there is no such path or action'));
    const { identity } = authorized;
    const { name, id } = matched;
    if (id !== undefined && id !== '') await router.conversations.openedElsewhere.known(id);
    const asked = id !== '' ? id : name === 'events' ? (searchParams.get('conversation') ?? '') : '';
    const elsewhere = asked === '' ? undefined : await movedTo(parts.otherStreams, asked, pathname + search);
    if (elsewhere) return counted(request, elsewhere, matched.route.path);
    const reply = await handlers[name]({ request, response, query: searchParams, id, identity });
    return reply && counted(request, reply, matched.route.path);
  };

  const failed = (request: IncomingMessage, response: ServerResponse, error: unknown): void => {
    const isDamage = error instanceof LedgerDamage;
    // A path that is no valid URL is answered like a path that does not exist.
    const isBadUrl = error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL';
    const hasPeerLeft = !request.complete && request.destroyed;
    if (isDamage) router.metrics.ledgerFailed();
    else if (!isBadUrl && !hasPeerLeft) router.faults.caught('request', request.method ?? '', error);
    if (response.headersSent) response.destroy();
    else if (isBadUrl)
      sendReply(response, counted(request, errorReply('not-found', 'the path is not a URL')));
    else if (isDamage)
      sendReply(response, errorReply('damaged', 'the conversation is damaged in the ledger'));
    else sendReply(response, errorReply('internal', 'an error of the router; see its log'));
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const reply = await handle(request, response);
    if (reply) sendReply(response, reply);
  };

  return (request, response) => {
    answer(request, response).catch((error: unknown) =>
      router.faults.guard(
        'request',
        'the answer to a failure',
        () => failed(request, response, error),
        () => response.destroy(),
      ),
    );
  };
};
