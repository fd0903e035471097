import { Kvm } from '@nats-io/kv';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasNats, startNats } from '../../../../../tests/harness/nats-servers.ts';
import { sharedTables } from '../../../src/cluster/cluster.ts';
import { openNatsLink } from '../../../src/ledger/jetstream/nats-link.ts';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import { natsPermissions, permissionsCommand } from '../../../src/ledger/nats-permissions.ts';
import { joinRouter } from '../../cluster/joined-router.ts';
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

  it('the permissions of a router are enough for several routers: leases, claims, tables and messages', async () => {
    const folder = new JetStreamFolder();
    const options = folder.options('nats://127.0.0.1:1');
    const config = permissionsCommand([], options.stream).replace('$PARLEY_NATS_PASSWORD', 'secret');
    const server = await startNats({ extra: config });
    try {
      const access = { servers: [server.url], user: 'parley_router', password: 'secret' };
      const failures: unknown[] = [];
      const onFailure = (error: unknown) => failures.push(error);
      // As an earlier version has made it: no key of it ends by itself.
      const link = await openNatsLink(access, 'earlier', `_INBOX_${options.stream}`);
      await new Kvm(link.connection).create(`${options.stream}_marks`, { history: 1 });
      await link.close();
      const a = await joinRouter({ ...options, access, onFailure }, 'a');
      const b = await joinRouter({ ...options, access, onFailure }, 'b');
      const claim = { conversation: 'c1', turn: 1, attempt: 1, member: 'ann' };
      expect(await a.cluster.claims.make(claim, 60_000)).toBe(true);
      expect(await b.cluster.claims.make(claim, 60_000)).toBe(false);
      for (const name of sharedTables) {
        const table = a.cluster.table(name);
        await table.watch(() => {});
        const revision = await table.create('k', 1);
        expect(await table.delete('k', revision)).toBe(true);
      }
      const heard = new Promise((resolve) => b.cluster.messages.on('test', resolve));
      a.cluster.messages.send('test', b.cluster.self, 'hello');
      expect(await heard).toBe('hello');
      await Promise.all([a.leave(), b.leave()]);
      expect(failures).toEqual([]);
    } finally {
      await server.remove();
      folder.remove();
    }
  });

  it('the permissions of a router name no subject of all streams', () => {
    const { publish, subscribe } = natsPermissions('PARLEY');
    expect([...publish, ...subscribe].filter((subject) => !/PARLEY|^\$JS\.API\.INFO$/.test(subject))).toEqual(
      [],
    );
    // Of another stream of the deployment a router asks only whether it has a conversation.
    const further = natsPermissions('PARLEY', ['OTHER']).publish.filter((one) => !publish.includes(one));
    expect(further).toEqual(['$JS.API.STREAM.MSG.GET.OTHER']);
    const listed = permissionsCommand([], 'PARLEY', ['PARLEY', 'OTHER']);
    expect(listed.match(/MSG\.GET\.(?:PARLEY|OTHER)"/g)).toEqual(['MSG.GET.PARLEY"', 'MSG.GET.OTHER"']);
    expect(() => permissionsCommand(['a.b'], 'PARLEY')).toThrow(/usage: parley-router nats-permissions/);
  });
});
