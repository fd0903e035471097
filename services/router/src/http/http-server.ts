import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { answerProbe, type Probes } from '@parley/runtime';
import type { Authenticator } from '../identity/authenticator.ts';
import { type Identity, mayReadAll } from '../identity/identity.ts';
import { presentedToken } from '../identity/presented-token.ts';
import { LedgerDamage } from '../ledger/damage.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Outgoing } from '../quota/outgoing.ts';
import type { Router } from '../router.ts';
import type { ConsoleFile } from './console-files.ts';
import type { Control } from './control.ts';
import { answerControl } from './control-requests.ts';
import { agentPage, conversationList, conversationPage, maxListed } from './conversation-pages.ts';
import { streamEvents } from './events.ts';
import type { Rejections } from './rejections.ts';
import type { RequestFilter } from './request-filter.ts';
import { endWith, Responses } from './responses.ts';
import type { Certificate } from './tls.ts';

export interface HttpOptions {
  readonly router: Router;
  readonly ledger: Ledger;
  readonly probes: Probes;
  readonly console: ReadonlyMap<string, ConsoleFile>;
  readonly authenticator: Authenticator;
  readonly filterRequest: RequestFilter;
  readonly control: Control;
  readonly rejections: Rejections;
  readonly outgoing: Outgoing;
  /** How long a peer may take nothing of an answer. */
  readonly stalledMs: number;
}

const security = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

const write = (response: ServerResponse, status: number, type: string, body: Buffer) => {
  response.statusCode = status;
  for (const [name, value] of Object.entries(security)) response.setHeader(name, value);
  endWith(response.setHeader('content-type', type), body);
};

const json = (response: ServerResponse, status: number, body: unknown) =>
  write(response, status, 'application/json', Buffer.from(`${JSON.stringify(body)}\n`));

const notFound = (response: ServerResponse, message = 'not found') =>
  json(response, 404, { error: { code: 'not-found', message } });

const listedUnlessAsked = 100;

/** `text`: undefined when there is no such conversation. */
const page = (response: ServerResponse, text: string | undefined, as: string | null = null) =>
  text === undefined
    ? notFound(
        response,
        `there is no such conversation${as === null ? '' : `, or ${as} is not a member and has not been one`}`,
      )
    : write(response, 200, 'application/json', Buffer.from(text));

/** A whole number from a query, or undefined. */
const natural = (text: string | null | undefined): number | undefined => {
  const value = text === null || text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
};

/** Who asks, or undefined when that was answered with a refusal. The page itself holds nothing and is for everybody. */
const readerOf = async (
  { authenticator, rejections }: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Identity | undefined> => {
  const verdict = await authenticator.identify(presentedToken(request));
  if (!verdict.ok) {
    const { code, problem } = verdict;
    rejections.note({ reason: code, address: request.socket.remoteAddress });
    if (code === 'unauthenticated') response.setHeader('www-authenticate', 'Bearer');
    json(response, code === 'unavailable' ? 503 : 401, { error: { code, message: problem } });
    return undefined;
  }
  if (mayReadAll(verdict.identity)) return verdict.identity;
  rejections.note({ reason: 'role', address: request.socket.remoteAddress });
  const message = 'reading over HTTP needs the role observer or operator';
  json(response, 403, { error: { code: 'forbidden', message } });
  return undefined;
};

/** Said by nobody and to nobody in particular, so whoever asks gets an answer, even when the router is full. */
const isHealthProbe = (url: string | undefined): boolean => url === '/healthz' || url === '/readyz';

const answer = async (
  options: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<unknown> => {
  const { router, ledger } = options;
  if (isHealthProbe(request.url) && answerProbe(options.probes, request, response)) return undefined;
  const turnedAway = options.filterRequest(request);
  if (turnedAway) {
    const { status, code, message } = turnedAway;
    return json(response.setHeader('connection', 'close'), status, { error: { code, message } });
  }
  const url = new URL(request.url ?? '/', 'http://router');
  if (request.method === 'POST') {
    const asker = await readerOf(options, request, response);
    if (!asker) return undefined;
    const { status, body } = await answerControl(
      options.control,
      request,
      url.pathname.split('/').slice(1),
      asker,
      router.clock.wall,
    );
    const refused = status === 401 ? 'unauthenticated' : status === 403 ? 'role' : undefined;
    if (refused) options.rejections.note({ reason: refused, address: request.socket.remoteAddress });
    return json(response, status, body);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return json(response, 405, { error: { code: 'method-not-allowed', message: 'only GET and POST' } });
  }
  const file = options.console.get(url.pathname);
  if (file) return write(response, 200, file.type, file.body);
  const reader = await readerOf(options, request, response);
  if (!reader || answerProbe(options.probes, request, response)) return undefined;
  const [version, kind, id, ...rest] = url.pathname.split('/').slice(1);
  if (version !== 'v1' || rest.length > 0) return notFound(response);
  if (kind === 'me' && id === undefined)
    return json(response, 200, { role: reader.role, names: reader.names });
  const number = (name: string) => natural(url.searchParams.get(name));
  const limit = Math.max(1, Math.min(number('limit') ?? maxListed, maxListed));
  if (kind === 'agents' && id === undefined) {
    const after = url.searchParams.get('after') ?? '';
    return json(response, 200, agentPage(router, { limit, after }));
  }
  if (kind === 'events' && id === undefined) {
    const since =
      natural(request.headers['last-event-id'] as string | undefined) ??
      natural(url.searchParams.get('since'));
    const conversation = url.searchParams.get('conversation') ?? undefined;
    return streamEvents(router, ledger, response, { since, conversation, reader });
  }
  if (kind !== 'conversations') return notFound(response);
  if (id === undefined) {
    const listing = {
      limit: number('limit') === undefined ? listedUnlessAsked : limit,
      before: number('before'),
      isWanted: () => !response.destroyed,
    };
    return page(response, await router.reads.run(conversationList(router, ledger, listing)));
  }
  const as = url.searchParams.get('as');
  const asked = { since: number('since') ?? 0, limit: number('limit') ?? Number.MAX_SAFE_INTEGER, as };
  return page(response, await router.reads.run(conversationPage(router, id, asked)), as);
};

/** Slow and idle requests are cut off early: nothing here takes long to ask for. */
const patience = { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 2_000 };
const tlsHandshakeMs = 10_000;
const sweepMs = 1_000;

/** The boundary of a request: whatever went wrong in it is answered or ends its connection, and nothing else. */
const answerFailure = (
  { metrics, faults }: Router,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void => {
  faults.guard(
    'request',
    'the answer to a failure',
    () => {
      const damaged = error instanceof LedgerDamage;
      // A URL that cannot be parsed is the peer's fault, like any other path that is not there.
      const unreadable = error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL';
      // Gone in the middle of its request: there is nobody to answer.
      const gone = !request.complete && request.destroyed;
      if (damaged) metrics.ledgerFailed();
      else if (!unreadable && !gone) faults.caught('request', request.method ?? '', error);
      if (response.headersSent) response.destroy();
      else if (unreadable) notFound(response);
      else if (damaged)
        json(response, 500, {
          error: { code: 'damaged', message: 'what was asked for is damaged in the ledger' },
        });
      else
        json(response, 500, { error: { code: 'internal', message: 'an error of the router; see its log' } });
    },
    () => response.destroy(),
  );
};

/** The HTTP side of the port; with a certificate it speaks TLS. */
export const makeHttpServer = (options: HttpOptions, certificate?: Certificate): Server | TlsServer => {
  const { router, outgoing, stalledMs } = options;
  const responses = new Responses({ outgoing, stalledMs });
  const onRequest = (request: IncomingMessage, response: ServerResponse) =>
    responses.inOrder(request, response, () => {
      answer(options, request, response).catch((error: unknown) =>
        answerFailure(router, request, response, error),
      );
    });
  const server = certificate
    ? createTlsServer({ ...patience, ...certificate, handshakeTimeout: tlsHandshakeMs }, onRequest)
    : createServer(patience, onRequest);
  const sweeper = setInterval(() => responses.sweep(performance.now()), sweepMs).unref();
  server.on('close', () => clearInterval(sweeper));
  server.on('clientError', (_error, socket) => {
    options.rejections.note({ reason: 'malformed', address: (socket as Socket).remoteAddress });
    socket.destroy();
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
};

/** Resolves with the address, or rejects when it cannot be had. */
export const listen = (server: Server, host: string, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      const actual = typeof address === 'object' && address ? address.port : port;
      resolve(`${host.includes(':') ? `[${host}]` : host}:${actual}`);
    });
  });
