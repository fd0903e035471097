import { describe, expect, it, onTestFinished } from 'vitest';
import { hasNats, startNats } from '../../../../../tests/harness/nats-servers.ts';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import { natsPermissions, permissionsCommand } from '../../../src/ledger/nats-permissions.ts';
import { shut } from '../ledger-contract.ts';
import { finished, lines, opened } from '../ledger-entries.ts';
import { JetStreamFolder, NatsObserver } from './jetstream-ledgers.ts';

describe.skipIf(!hasNats)('the permissions that a router needs', { timeout: 120_000 }, () => {
  it('the permissions of a router are enough to open, write, read, remove and reopen, and for no other stream', async () => {
    const folder = new JetStreamFolder();
    const options = folder.options('nats://127.0.0.1:1');
    const config = permissionsCommand([], options.stream).replace('$PARLEY_NATS_PASSWORD', 'secret');
    const server = await startNats({ extra: config });
    onTestFinished(async () => {
      await server.remove();
      folder.remove();
    });
    const access = { servers: [server.url], user: 'parley_router', password: 'secret' };
    const ledger = await openJetStreamLedger({ ...options, access });
    await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: finished(4) }]);
    const ids = Array.from({ length: 20 }, (_, index) => `d${index}`);
    await ledger.append(ids.map((conversation) => ({ conversation, expectedSeq: 0, entries: [opened()] })));
    ledger.remove(['c1'], 9);
    await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened(9_000)] }]);
    await shut(ledger);
    const again = await openJetStreamLedger({
      ...options,
      access,
      projection: `${options.projection}.second`,
    });
    expect(again.read('c1', 0, 9)).toEqual([opened(9_000)]);
    await again.append([{ conversation: 'c1', expectedSeq: 1, entries: lines(2, 2) }]);
    await shut(again);
    const other = {
      ...options,
      access,
      stream: `${options.stream}_other`,
      projection: `${options.projection}.other`,
    };
    await expect(openJetStreamLedger(other)).rejects.toThrow(/ROUTER_LEDGER: /);
    await expect(NatsObserver.of(server.url)).rejects.toThrow(/authorization/i);
  });

  it('the permissions of a router name no subject of all streams', () => {
    const { publish, subscribe } = natsPermissions('PARLEY');
    expect([...publish, ...subscribe].filter((subject) => !/PARLEY|^\$JS\.API\.INFO$/.test(subject))).toEqual(
      [],
    );
    expect(() => permissionsCommand(['a.b'], 'PARLEY')).toThrow(/usage: parley-router nats-permissions/);
  });
});
