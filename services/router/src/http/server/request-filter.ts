import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hasTokenInUrl } from '../../identity/presented-token.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import type { RejectionReason, Rejections } from './rejections.ts';

export interface RejectedRequest {
  readonly status: 400 | 403 | 503;
  readonly code: 'forbidden' | 'unavailable';
  readonly message: string;
  readonly reason: RejectionReason;
}

export interface RequestFilterRules {
  /** Origins of pages that may connect besides our own, exactly as browsers send them. */
  readonly origins: readonly string[];
  /** Names allowed in `Host` besides localhost and IP addresses. Undefined: every name. */
  readonly hosts: readonly string[] | undefined;
}

const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

const refused = (reason: 'host' | 'origin', message: string): RejectedRequest => ({
  status: 403,
  code: 'forbidden',
  message,
  reason,
});

/**
 * Checks a request before any other work is done for it. Returns the error to answer, or undefined when the request may be
 * handled.
 */
export const makeRequestFilter = (
  { origins, hosts }: RequestFilterRules,
  connectionLimits: ConnectionLimits,
  rejections: Rejections,
) => {
  const named = new Set(['localhost', ...(hosts ?? [])].map((host) => host.toLowerCase()));

  /**
   * DNS rebinding: the name of a foreign page resolves to this address, so its requests are same-origin for the browser. Such a
   * request has the name of the page in `Host`. An IP address in `Host` cannot be the name of such a page.
   */
  const knowsHost = (host: string | undefined): boolean => {
    const name = hostPattern.exec(host ?? '')?.[1]?.toLowerCase();
    if (name === undefined) return false;
    return hosts === undefined || isIP(name.replace(/^\[|\]$/g, '')) !== 0 || named.has(name);
  };

  /** Browsers always send `Origin` with a WebSocket, other programs do not. */
  const knowsOrigin = (origin: string | undefined, host: string | undefined): boolean => {
    if (origin === undefined || origins.includes(origin)) return true;
    const page = URL.parse(origin);
    if (!page || page.origin !== origin) return false;
    return page.host === URL.parse(`${page.protocol}//${host}`)?.host;
  };

  const judge = (request: IncomingMessage): RejectedRequest | undefined => {
    const { host, origin } = request.headers;
    if (connectionLimits.isSurplus(request)) {
      const message = 'too many connections, here or from your address: see ROUTER_MAX_CONNECTIONS';
      return { status: 503, code: 'unavailable', message, reason: 'connections' };
    }
    if (hasTokenInUrl(request)) {
      const message = 'a token in a URL ends up in logs: withdraw it, and send one as Authorization: Bearer';
      return { status: 400, code: 'forbidden', message, reason: 'token-in-url' };
    }
    if (!knowsHost(host)) return refused('host', 'this Host is not allowed: see ROUTER_HOSTS');
    if (!knowsOrigin(origin, host))
      return refused('origin', 'this Origin is not allowed: see ROUTER_ORIGINS');
    return undefined;
  };

  return (request: IncomingMessage): RejectedRequest | undefined => {
    const rejected = judge(request);
    if (!rejected) return undefined;
    const { reason } = rejected;
    const { headers, socket } = request;
    const about = reason === 'host' ? headers.host : reason === 'origin' ? headers.origin : undefined;
    // Connections over a limit were counted when they were accepted, so they are not counted here.
    if (reason !== 'connections') rejections.note({ reason, address: socket.remoteAddress, about });
    return rejected;
  };
};
export type RequestFilter = ReturnType<typeof makeRequestFilter>;
