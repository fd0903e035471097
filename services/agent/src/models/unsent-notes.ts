import type { Logger } from '@parley/runtime';

const unsentMs = 2_000;
const quietMs = 60_000;

interface UnsentNotesParts {
  readonly log: Logger;
  readonly now: () => number;
  /** Calls once after `ms`, unless the returned function is called before. */
  readonly later: (act: () => void, ms: number) => () => void;
}

/**
 * Logs that a call waits for a connection to its model server. A call to an address that does not answer fails only at the
 * deadline of the turn, which can be minutes later. Logged once a minute, because all calls to that address wait.
 */
export const unsentNotes = ({ log, now, later }: UnsentNotesParts) => {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return ({ host: server }: URL): (() => void) =>
    later(() => {
      const isNew = now() - loggedAt >= quietMs;
      if (isNew) loggedAt = now();
      log[isNew ? 'warn' : 'debug'](
        { server },
        'no connection to the model server yet: look at OPENAI_BASE_URL, the network and a firewall between; the call waits until the deadline of its turn',
      );
    }, unsentMs);
};
