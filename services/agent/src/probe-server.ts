import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerProbe, ConfigError, type Probes } from '@parley/kit';

export interface ProbeServer {
  readonly port: number;
  close(): void;
}

/** Serves /healthz, /readyz and /metrics on `port`; 0 picks a free one. */
export const serveProbes = (port: number, probes: Probes): Promise<ProbeServer> => {
  const server = createServer((request, response) => {
    if (!answerProbe(probes, request, response)) response.writeHead(404).end();
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'something else listens there' : error.message;
      reject(new ConfigError([`AGENT_HEALTH_PORT: cannot listen on port ${port}: ${why}`]));
    });
    server.listen(port, () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      }),
    );
  });
};
