import type { ServerResponse } from 'node:http';
import {
  type HttpErrorCode,
  httpStatusOf,
  type ResponseBody,
  type RouteName,
  routes,
} from '@parley/protocol';
import { endWith } from './responses.ts';

/** A complete response. `body` is sent unchanged. */
export interface HttpReply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  /** Where the request is to be repeated. */
  readonly location?: string;
}

const json = 'application/json';

/** The success of a route, with the body that its shape describes. */
export const reply = <N extends RouteName>(name: N, body: ResponseBody<N>): HttpReply =>
  jsonReply(name, JSON.stringify(body));

/** The same for a body that is JSON text already, because it was joined from parts. */
export const jsonReply = (name: RouteName, text: string): HttpReply => ({
  status: routes[name].success.status,
  type: json,
  body: `${text}\n`,
});

/** An error over HTTP. `status` is given only when it differs from the usual status of the code. */
export const errorReply = (
  code: HttpErrorCode,
  message: string,
  status: number = httpStatusOf[code],
): HttpReply => ({ status, type: json, body: `${JSON.stringify({ error: { code, message } })}\n` });

/** The request is to be repeated, unchanged, at that address. */
export const movedReply = (location: string): HttpReply => ({
  status: 307,
  type: json,
  body: `${JSON.stringify({ location })}\n`,
  location,
});

const securityHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

export const sendReply = (response: ServerResponse, { status, type, body, location }: HttpReply): void => {
  response.statusCode = status;
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  response.setHeader('content-type', type);
  if (location !== undefined) response.setHeader('location', location);
  endWith(response, typeof body === 'string' ? Buffer.from(body) : body);
};
