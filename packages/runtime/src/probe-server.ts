import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerProbe, type Probes } from './probes.ts';
import { ConfigError, type Setting, text } from './settings.ts';

export interface ProbeServer {
  readonly port: number;
  close(): void;
}

export interface ProbeServerOptions {
  /** The setting of `port`, for error messages. */
  readonly variable: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** All addresses when missing. */
  readonly host?: string;
  /** Returns the refusal of a request for /metrics; undefined when it may be answered. */
  refuse?(request: IncomingMessage): { readonly status: number; readonly message: string } | undefined;
}

/** A setting for the port: a number, or off. */
export const probePort = (variable: string, help: string): Setting<number | undefined> => ({
  ...text(variable, { help: `${help}; 0 picks a free one, off serves none`, fallback: 'off' }),
  read(raw) {
    if (raw === undefined || raw === 'off') return { value: undefined };
    const port = Number(raw);
    return Number.isInteger(port) && port >= 0 && port <= 65_535
      ? { value: port }
      : { problem: `expected off or an integer in 0..65535, got ${JSON.stringify(raw)}` };
  },
});

/** Serves only /healthz, /readyz and /metrics, on a port of its own. */
export const serveProbes = (
  { variable, port, host, refuse }: ProbeServerOptions,
  probes: Probes,
): Promise<ProbeServer> => {
  const server = createServer((request, response) => {
    const refusal = request.url === '/metrics' ? refuse?.(request) : undefined;
    if (refusal) response.writeHead(refusal.status, { connection: 'close' }).end(`${refusal.message}\n`);
    else if (!answerProbe(probes, request, response)) response.writeHead(404).end();
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
      reject(new ConfigError([`${variable}: cannot listen on port ${port}: ${why}`]));
    });
    server.listen(port, host, () =>
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
