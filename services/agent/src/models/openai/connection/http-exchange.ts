import {
  type Agent,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { traceHeaders } from '@parley/runtime';
import { isExcepted } from './no-proxy.ts';

/** The proxies in the environment of the operator. */
export interface Proxies {
  readonly http: string | undefined;
  readonly https: string | undefined;
  /** Hosts that are reached without a proxy. */
  readonly except: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The decompressed body as it arrives. When the iteration ends early, `drain` or `close` must be called. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads the rest, so that the connection can be reused. Bounded in time and size. */
  drain(): void;
  close(): void;
}

interface HttpQuestion {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** Called when a request begins; what it returns is called when a server has taken the request, or the request is over. */
export type OnAsking = (url: URL) => () => void;
export type Exchange = (question: HttpQuestion) => Promise<HttpAnswer>;

const noProxies: Proxies = { http: undefined, https: undefined, except: undefined };
const drainMs = 1_000;
const drainBytes = 64 * 1024;

/** Hosts that a proxy cannot resolve: this machine, and names without a dot, such as services of Compose. */
export const isNear = ({ hostname }: URL): boolean => {
  const host = hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  if (/\.(?:docker|containers)\.internal$/.test(host)) return true;
  if (/^127\.|^0\.0\.0\.0$|^::1?$|^::ffff:(?:127\.|7f)/.test(host)) return true;
  return !host.includes('.') && !host.includes(':');
};

const unpackers: ReadonlyMap<string, () => NodeJS.ReadWriteStream & Readable> = new Map([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', () => createInflate()],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress()],
]);

const mostCodings = 3;

/** Decompresses as the reader reads, so that the bound of the reader also bounds the memory. */
const unpacked = (response: IncomingMessage): Readable => {
  const codings = (response.headers['content-encoding'] ?? '').toLowerCase().split(',').slice(0, mostCodings);
  // The last coding was applied last.
  return codings.reverse().reduce<Readable>((source, coding) => {
    const unpacker = unpackers.get(coding.trim())?.();
    if (!unpacker) return source;
    pipeline(source, unpacker, () => {});
    return unpacker;
  }, response);
};

const closed = (response: IncomingMessage, body: Readable): void => {
  body.on('error', () => {});
  body.destroy();
  response.destroy();
};

const drained = (response: IncomingMessage, body: Readable): void => {
  let left = drainBytes;
  const close = () => closed(response, body);
  const late = setTimeout(close, drainMs).unref();
  body.on('error', () => {});
  body.on('data', ({ length }: Uint8Array) => {
    left -= length;
    if (left < 0) close();
  });
  body.once('close', () => clearTimeout(late));
  body.resume();
};

/**
 * Sends HTTP requests. Only the signal limits their time. Redirects are not followed, and compression is not requested. Proxies are
 * used for all hosts that are not near.
 */
export const httpExchange = (proxies: Proxies = noProxies, onAsking?: OnAsking): Exchange => {
  const agentFor = (url: URL): Agent => {
    const { http, https, except } = proxies;
    const isDirect = isNear(url) || isExcepted(url, except);
    const proxyEnv = isDirect ? {} : { HTTP_PROXY: http, HTTPS_PROXY: https };
    const options = { keepAlive: true, proxyEnv };
    return url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  };
  const agents = new Map<string, Agent>();
  const hearing = new WeakSet<Socket>();

  const once = ({ url, method, headers, body, signal }: HttpQuestion): Promise<HttpAnswer> =>
    new Promise((resolve, reject) => {
      const agent = agents.get(url.origin) ?? agentFor(url);
      agents.set(url.origin, agent);
      const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const sent = { ...headers, ...traceHeaders(), ...length, 'accept-encoding': 'identity' };
      const request = ask(url, { method, agent, signal, headers: sent });
      const taken = onAsking?.(url);
      if (taken) request.once('finish', taken).once('close', taken);
      request.once('socket', (socket) => {
        // Between the end of an answer and its return to the pool, a socket has no listener of Node: an abort in
        // that moment causes an error of the socket that nothing would catch.
        if (hearing.has(socket)) return;
        hearing.add(socket);
        socket.on('error', () => {});
      });
      request.once('response', (response) => {
        const stream = unpacked(response);
        // Without a listener, an abort at the moment when the reading ends would end the process.
        for (const one of [response, stream]) one.on('error', () => {});
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: stream.iterator({ destroyOnReturn: false }),
          drain: () => drained(response, stream),
          close: () => closed(response, stream),
        });
      });
      request.on('error', (error) => reject(Object.assign(error, { reused: request.reusedSocket })));
      request.end(body);
    });

  return async (question) => {
    try {
      return await once(question);
    } catch (error) {
      // The server closed a kept-alive connection when it was reused: it has not read the request.
      const { reused, code } = error as { reused?: boolean; code?: string };
      if (!reused || !['ECONNRESET', 'EPIPE'].includes(code ?? '') || question.signal.aborted) throw error;
      return once(question);
    }
  };
};
