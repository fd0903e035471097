import { type Logger, pino } from 'pino';

export type { Logger };

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** JSON lines on stdout. What a peer said is never logged; secrets are redacted wherever they are nested. */
export const makeLogger = (service: string, level: string, base: Record<string, unknown> = {}): Logger =>
  pino({
    level,
    base: { service, ...base },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
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
  });
