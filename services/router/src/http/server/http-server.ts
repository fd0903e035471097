import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Outgoing } from '../../quota/outgoing.ts';
import { makeRequestHandler, type RequestHandlerParts } from './request-handler.ts';
import { Responses } from './responses.ts';
import type { Certificate } from './tls.ts';

export interface HttpOptions extends RequestHandlerParts {
  readonly outgoing: Outgoing;
  /** Milliseconds after which a peer that takes no byte of a response is disconnected. */
  readonly stalledMs: number;
}

/** Requests are small, so slow and idle ones are ended early. */
const timeouts = { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 2_000 };
const tlsHandshakeMs = 10_000;
const sweepMs = 1_000;

export interface HttpServer {
  readonly server: Server | TlsServer;
  /** From now on every connection is closed after its response, so that its client connects to another router. */
  drain(): void;
  /**
   * Takes no new connections and ends event streams. Resolves when the responses that were being made are sent, at the latest
   * after `graceMs`. Then no connection is open, so no request can reach a ledger that is closed.
   */
  close(graceMs: number): Promise<void>;
}

const hasLeft = (error: Error): boolean =>
  'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');

/** The HTTP server of the port. It speaks TLS when there is a certificate. */
export const makeHttpServer = (options: HttpOptions, certificate?: Certificate): HttpServer => {
  const { router, outgoing, stalledMs, rejections } = options;
  const responses = new Responses({ outgoing, stalledMs, rejections });
  const handle = makeRequestHandler(options);
  const onRequest = (request: IncomingMessage, response: ServerResponse) =>
    responses.inOrder(request, response, () => handle(request, response));
  const server = certificate
    ? createTlsServer({ ...timeouts, ...certificate, handshakeTimeout: tlsHandshakeMs }, onRequest)
    : createServer(timeouts, onRequest);
  const sweeper = setInterval(() => responses.sweep(router.clock.monotonic()), sweepMs).unref();
  server.on('close', () => clearInterval(sweeper));
  const refuse = (reason: 'malformed' | 'tls') => (error: Error, socket: Duplex) => {
    // A peer that has closed its connection was not refused.
    if (!hasLeft(error)) rejections.note({ reason, address: (socket as Socket).remoteAddress });
    socket.destroy();
  };
  server.on('clientError', refuse('malformed'));
  server.on('tlsClientError', refuse('tls'));
  return {
    server,
    drain: () => responses.closeConnections(),
    async close(graceMs) {
      responses.closeConnections();
      const closed = new Promise((resolve) => server.close(resolve));
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await responses.ended();
      clearTimeout(timer);
      server.closeAllConnections();
      await closed;
    },
  };
};

/** Resolves with `host:port`; rejects when the port cannot be bound. */
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
