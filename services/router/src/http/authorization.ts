import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Route } from '@parley/protocol';
import type { Authenticator } from '../identity/authenticator.ts';
import { type Identity, mayReadAll } from '../identity/identity.ts';
import { presentedToken } from '../identity/presented-token.ts';
import type { Rejections } from './rejections.ts';
import { errorReply, type HttpReply } from './replies.ts';

export interface AuthorizationParts {
  readonly authenticator: Authenticator;
  readonly rejections: Rejections;
}

/** The identity behind a request, or the error with which the request is answered. */
export const authorize = async (
  { authenticator, rejections }: AuthorizationParts,
  access: Route['access'],
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
  const mayCall = access === 'operator' ? identity.role === 'operator' : mayReadAll(identity);
  if (mayCall) return { identity };
  rejections.note({ reason: 'role', address });
  const needed =
    access === 'operator'
      ? 'this needs the role operator'
      : 'reading over HTTP needs the role observer or operator';
  return { error: errorReply('forbidden', needed) };
};
