import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { streamEvents } from '../../src/http/handlers/events.ts';
import type { Identity } from '../../src/identity/identity.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Router } from '../../src/router.ts';

/** The response of a reader that reads at once. */
class ReadResponse extends EventEmitter {
  readonly destroyed = false;
  readonly writableLength = 0;
  readonly writableNeedDrain = false;
  readonly #tell: (text: string) => void;

  constructor(tell: (text: string) => void) {
    super();
    this.#tell = tell;
  }

  writeHead(): void {}

  write(text: string): boolean {
    this.#tell(text);
    return true;
  }

  end(): void {
    this.emit('close');
  }
}

/** Starts the stream of a reader with a share link for the conversation, which asks for all that is told of it. Returns what ends it. */
export const sharedStream = (
  router: Router,
  ledger: Ledger,
  conversation: string,
  tell: (text: string) => void,
): (() => void) => {
  const reader: Identity = {
    ...{ role: 'observer', names: [], send: [], isValid: () => true },
    share: { conversation, expiresAt: Number.MAX_SAFE_INTEGER },
  };
  const read = new ReadResponse(tell);
  const response = read as unknown as ServerResponse;
  streamEvents(router, ledger, response, { since: 0, conversation, drafts: true, headOnly: false, reader });
  return () => read.end();
};
