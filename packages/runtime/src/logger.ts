import { type DestinationStream, type Logger, pino } from 'pino';
import type { Environment } from './settings.ts';
import { activeSpan } from './tracing/tracing.ts';

export type { Logger };

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** `json`: one JSON object per line, for programs. `pretty`: one line of text per record, for people. */
export const logFormats = ['json', 'pretty'] as const;
export type LogFormat = (typeof logFormats)[number];

/** A control or direction character in a string of a JSON line: raw, or written as an escape. */
const control =
  /(?<escaped>(?<!\\)(?:\\\\)*)\\u00(?:[01][0-9a-f]|7f|[89][0-9a-f])|[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/gi;
/** The log contains text of model servers, which must not control a terminal. */
const harmless = (line: string): string =>
  line.replaceAll(control, (_, escaped: string | undefined) => `${escaped ?? ''}\uFFFD`);

/** Writes without blocking: a reader that stalls must not stop a service. With a `minLength` of 0 a flush would wait for nothing. */
const stdout = (): DestinationStream => pino.destination({ dest: 1, sync: false, minLength: 1 });

/**
 * Resolves when all lines are written or cannot be: to be awaited before an exit. What is left at the exit itself is written again and
 * again when the reader of the log has gone, so that the process would never end.
 */
export const linesWritten = (log: Logger): Promise<void> =>
  new Promise((resolve) => log.flush(() => resolve()));

/** JSON lines on stdout, or to `stream`. Messages of peers are never logged, and secrets are redacted at any depth. */
export const makeLogger = (
  service: string,
  level: string,
  base: Record<string, unknown> = {},
  stream?: DestinationStream,
): Logger => {
  const options = {
    level,
    base: { service, ...base },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // What is logged inside a span says so, in the names of OpenTelemetry.
    mixin: () => activeSpan()?.ids ?? {},
    redact: {
      paths: [
        'token',
        'apiKey',
        'authorization',
        'headers',
        '*.token',
        '*.apiKey',
        '*.authorization',
        '*.headers',
      ],
      censor: '[redacted]',
    },
  };
  return stream ? pino({ ...options, hooks: { streamWrite: harmless } }, stream) : pino(options, stdout());
};

/** Whether to use colours: by the usual variables, else on a terminal. */
export const wantsColour = (env: Environment, isTerminal: boolean): boolean =>
  env.NO_COLOR ? false : env.FORCE_COLOR ? env.FORCE_COLOR !== '0' : isTerminal;

/** The logger of a process in the format of its settings. The formatter of `pretty` is loaded only when it is used. */
export const openLogger = async (
  service: string,
  { level, format, colour }: { readonly level: string; readonly format: LogFormat; readonly colour: boolean },
  base: Record<string, unknown> = {},
): Promise<Logger> => {
  if (format === 'json') return makeLogger(service, level, base);
  const { default: pretty } = await import('pino-pretty');
  return makeLogger(
    service,
    level,
    base,
    pretty({
      colorize: colour,
      singleLine: true,
      translateTime: 'SYS:HH:MM:ss',
      ignore: 'service,agent',
      messageFormat: '{if agent}{agent}: {end}{msg}',
      sync: true,
    }),
  );
};
