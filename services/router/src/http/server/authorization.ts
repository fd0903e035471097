import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Route } from '@parley/protocol';
import type { Authenticator } from '../../identity/authenticator.ts';
import { type Identity, mayReadAll } from '../../identity/identity.ts';
import { presentedToken } from '../../identity/presented-token.ts';
import type { Rejections } from './rejections.ts';
import { errorReply, type HttpReply } from './replies.ts';

export interface AuthorizationParts {
  readonly authenticator: Authenticator;
  readonly rejections: Rejections;
}

/** Which conversation a request is about, by the path and by the query. */
export interface RequestPlace {
  readonly route: Route | undefined;
  readonly id: string;
  readonly query: URLSearchParams;
}

/** Whether a share link for `conversation` is for this request, too. */
const isShared = ({ route, id, query }: RequestPlace, conversation: string): boolean => {
  switch (route?.share) {
    case undefined:
      return false;
    case 'none':
      return true;
    case 'path':
      return id === conversation;
    case 'query':
      return query.get('conversation') === conversation;
  }
};

/** The identity behind a request, or the error with which the request is answered. */
export const authorize = async (
  { authenticator, rejections }: AuthorizationParts,
  place: RequestPlace,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ readonly identity: Identity } | { readonly error: HttpReply }> => {
  const address = request.socket.remoteAddress;
  const verdict = await authenticator.identify(presentedToken(request));
  if (!verdict.ok) {
    const { code, problem } = verdict;
    rejections.note({ reason: code, address });
    if (code === 'unauthenticated') response.setHeader('www-authenticate', 'Bearer');
    return { error: errorReply(code, problem) };
  }
  const { identity } = verdict;
  const { share } = identity;
  if (share) {
    if (isShared(place, share.conversation)) return { identity };
    rejections.note({ reason: 'role', address });
    return { error: errorReply('forbidden', 'this share link is for one conversation, and only to read it') };
  }
  // Unknown paths need a token, too.
  const access = place.route?.access ?? 'reader';
  const mayCall = access === 'operator' ? identity.role === 'operator' : mayReadAll(identity);
  if (mayCall) return { identity };
  rejections.note({ reason: 'role', address });
  const needed =
    access === 'operator'
      ? 'this needs the role operator'
      : 'reading over HTTP needs the role observer or operator';
  return { error: errorReply('forbidden', needed) };
};
