import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerProbe, type Probes } from '@parley/kit';
import type { Ledger } from '../ledger/ledger.ts';
import type { Router } from '../router.ts';
import type { ConsoleFile } from './console-files.ts';
import { streamEvents } from './events.ts';
import { agentViews, conversationView } from './views.ts';

export interface HttpOptions {
  readonly router: Router;
  readonly ledger: Ledger;
  readonly probes: Probes;
  readonly console: ReadonlyMap<string, ConsoleFile>;
}

const maxListed = 1_000;

const security = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

const json = (response: ServerResponse, status: number, body: unknown) =>
  response
    .writeHead(status, { ...security, 'content-type': 'application/json' })
    .end(`${JSON.stringify(body)}\n`);

const notFound = (response: ServerResponse, message = 'not found') =>
  json(response, 404, { error: { code: 'not-found', message } });

/** A whole number from a query, or undefined. */
const natural = (text: string | null | undefined): number | undefined => {
  const value = text === null || text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
};

const answer = (options: HttpOptions, request: IncomingMessage, response: ServerResponse): unknown => {
  const { router, ledger } = options;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return json(response, 405, { error: { code: 'method-not-allowed', message: 'only GET' } });
  }
  if (answerProbe(options.probes, request, response)) return undefined;
  const url = new URL(request.url ?? '/', 'http://router');
  const file = options.console.get(url.pathname);
  if (file) return response.writeHead(200, { ...security, 'content-type': file.type }).end(file.body);
  const [version, kind, id, ...rest] = url.pathname.split('/').slice(1);
  if (version !== 'v1' || rest.length > 0) return notFound(response);
  if (kind === 'agents' && id === undefined) return json(response, 200, { agents: agentViews(router) });
  if (kind === 'events' && id === undefined) {
    const since =
      natural(request.headers['last-event-id'] as string | undefined) ??
      natural(url.searchParams.get('since'));
    const conversation = url.searchParams.get('conversation') ?? undefined;
    return streamEvents(router, ledger, response, { since, conversation });
  }
  if (kind !== 'conversations') return notFound(response);
  if (id === undefined) {
    const limit = Math.min(natural(url.searchParams.get('limit')) ?? 100, maxListed);
    return json(response, 200, { conversations: router.conversations.recent(limit).map(conversationView) });
  }
  const state = router.conversations.find(id);
  if (!state) return notFound(response, 'there is no such conversation');
  const since = natural(url.searchParams.get('since')) ?? 0;
  const limit = natural(url.searchParams.get('limit')) ?? Number.MAX_SAFE_INTEGER;
  const entries = router.conversations.entriesSince(id, since, limit);
  return json(response, 200, { conversation: conversationView(state), entries });
};

/** The HTTP side of the port. Slow and idle requests are cut off early: nothing here takes long to ask for. */
export const makeHttpServer = (options: HttpOptions): Server => {
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 2_000 },
    (request, response) => {
      try {
        answer(options, request, response);
      } catch (error) {
        // A URL that cannot be parsed is the peer's fault, like any other path that is not there.
        if (error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL')
          notFound(response);
        else throw error;
      }
    },
  );
  server.on('clientError', (_error, socket) => socket.destroy());
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
