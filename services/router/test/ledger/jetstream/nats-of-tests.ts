import { afterAll, beforeAll } from 'vitest';
import { type NatsServer, startNats } from '../../../../../tests/harness/nats-servers.ts';
import type { JetStreamOptions } from '../../../src/ledger/jetstream/open-jetstream.ts';
import { JetStreamFolder } from './jetstream-ledgers.ts';

/** A server of NATS and a folder for local copies. */
export interface NatsOfTests {
  /** Running when the first test begins. */
  readonly server: NatsServer;
  /** Options of a ledger in a stream of that server that no other test uses. */
  options(over?: Partial<JetStreamOptions>): JetStreamOptions;
}

/** Starts a server of NATS before the tests of the surrounding `describe`, and removes it and all local copies after them. */
export const natsOfTests = (): NatsOfTests => {
  const folder = new JetStreamFolder();
  let server: NatsServer | undefined;
  const started = (): NatsServer => {
    if (!server) throw new Error('the server of NATS is used before the first test');
    return server;
  };
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(async () => {
    await server?.remove();
    folder.remove();
  });
  return {
    get server() {
      return started();
    },
    options: (over) => folder.options(started().url, over),
  };
};
