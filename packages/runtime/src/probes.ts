import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Probes {
  /** The reason why the process is not ready; undefined when it is. */
  unready(): string | undefined;
  metrics: { contentType: string; metrics(): Promise<string> };
}

const reply = (response: ServerResponse, status: number, type: string, body: string) =>
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);

/** Answers /healthz, /readyz and /metrics. Returns false for any other path. */
export const answerProbe = (probes: Probes, request: IncomingMessage, response: ServerResponse): boolean => {
  switch (request.url) {
    case '/healthz':
      reply(response, 200, 'text/plain', 'ok\n');
      return true;
    case '/readyz': {
      const why = probes.unready();
      reply(response, why ? 503 : 200, 'text/plain', `${why ?? 'ready'}\n`);
      return true;
    }
    case '/metrics':
      probes.metrics.metrics().then(
        (body) => reply(response, 200, probes.metrics.contentType, body),
        (error: Error) => reply(response, 500, 'text/plain', `${error.message}\n`),
      );
      return true;
    default:
      return false;
  }
};
