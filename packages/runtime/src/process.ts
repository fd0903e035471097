import type { Logger } from 'pino';
import { linesWritten } from './logger.ts';
import { ConfigError } from './settings.ts';

/** The part of the process that these functions use. main.ts passes the real one. */
export type ProcessPort = Pick<
  NodeJS.Process,
  'on' | 'exit' | 'abort' | 'stderr' | 'pid' | 'kill' | 'removeAllListeners'
>;

/** How long a process that has stopped waits for the reader of its log; and one that is told to end at once. */
const [writtenWithinMs, writtenAtOnceMs] = [2_000, 200];

/**
 * Exits when the lines of the log are written, or cannot be. While a reader of the log reads nothing, an exit of Node waits for it
 * without an end; so the process then ends by the signal with which it is usually stopped, which waits for nothing. The kernel
 * ignores that signal from the first process of a container (PID 1), which aborts instead.
 */
export const exitWhenWritten = (
  host: ProcessPort,
  log: Logger,
  code: number,
  withinMs = writtenWithinMs,
): void => {
  const timer = setTimeout(() => {
    if (host.pid === 1) return host.abort();
    host.removeAllListeners('SIGTERM');
    return host.kill(host.pid, 'SIGTERM');
  }, withinMs);
  const exit = () => {
    clearTimeout(timer);
    host.exit(code);
  };
  linesWritten(log).then(exit, exit);
};

interface Stopping {
  readonly stop: () => Promise<void>;
  readonly graceMs: number;
  readonly log: Logger;
  /**
   * Called with an error that nothing has caught, which is a bug. The process continues, because no peer may end it by causing such
   * an error. While the process stops, such an error ends it.
   */
  readonly onFault: (error: unknown) => void;
}

/** Calls `stop` once on SIGTERM or SIGINT, then exits with 0. A second signal, or the end of `graceMs`, exits with 1 at once. */
export const stopOnSignal = (host: ProcessPort, { stop, graceMs, log, onFault }: Stopping): void => {
  let stopping = false;
  const exit = (code: number, withinMs?: number) => exitWhenWritten(host, log, code, withinMs);
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) return exit(1, writtenAtOnceMs);
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error({ graceMs }, 'did not stop in time');
      exit(1, writtenAtOnceMs);
    }, graceMs).unref();
    stop().then(
      () => exit(0),
      (error: unknown) => crash(error),
    );
    return undefined;
  };
  const crash = (error: unknown) => {
    log.fatal({ err: error }, 'internal error');
    exit(1);
  };
  host.on('SIGTERM', onSignal);
  host.on('SIGINT', onSignal);
  const caught = (error: unknown) => (stopping ? crash(error) : onFault(error));
  host.on('uncaughtException', caught);
  host.on('unhandledRejection', caught);
};

/** A problem may contain text of a peer or a server, which must not control the terminal. */
const printable = (line: string): string =>
  line.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (found) =>
    found === '\n' || found === '\t' ? found : '',
  );

/** Runs the main function of a program. An error that the operator can fix is printed as plain lines, without a stack. */
export const runMain = (host: ProcessPort, program: string, main: () => Promise<void>): void => {
  main().catch((error: unknown) => {
    const lines = error instanceof ConfigError ? error.problems : [(error as Error)?.stack ?? String(error)];
    for (const line of lines) host.stderr.write(`${program}: ${printable(line)}\n`);
    host.exit(1);
  });
};
