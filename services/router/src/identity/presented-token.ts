import type { IncomingMessage } from 'node:http';

/** Browsers cannot set headers on a WebSocket, so they offer the token as a second subprotocol. It is never echoed. */
const bearerProtocol = 'parley.bearer.';

/** The token of a request: `Authorization: Bearer`, or among the subprotocols. */
export const presentedToken = ({ headers }: IncomingMessage): string | undefined => {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  for (const offered of headers['sec-websocket-protocol']?.split(',') ?? []) {
    const protocol = offered.trim();
    if (protocol.startsWith(bearerProtocol))
      return Buffer.from(protocol.slice(bearerProtocol.length), 'base64url').toString();
  }
  return undefined;
};

const tokenParameter = /^(?:access_|auth_|bearer_)?token$/i;

/** Proxies log URLs, so a token in a URL is treated as leaked and is refused, however the name of its parameter is encoded. */
export const hasTokenInUrl = ({ url = '' }: IncomingMessage): boolean => {
  const query = url.indexOf('?');
  if (query < 0) return false;
  for (const name of new URLSearchParams(url.slice(query + 1)).keys())
    if (tokenParameter.test(name)) return true;
  return false;
};
