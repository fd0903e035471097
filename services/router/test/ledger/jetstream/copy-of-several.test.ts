import { describe, expect, it, vi } from 'vitest';
import { hasNats } from '../../../../../tests/harness/nats-servers.ts';
import { Shares } from '../../../src/identity/shares.ts';
import { copyCommand } from '../../../src/ledger/commands/copy-command.ts';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import { natsPattern } from '../../../src/ledger/nats-settings.ts';
import { openSqliteLedger } from '../../../src/ledger/sqlite.ts';
import { joinRouter } from '../../cluster/joined-router.ts';
import { finished, lines, opened } from '../ledger-entries.ts';
import { natsOfTests } from './nats-of-tests.ts';

const all = Number.MAX_SAFE_INTEGER;
const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 20 });

describe.skipIf(!hasNats)('a copy of the ledger of several routers', { timeout: 120_000 }, () => {
  const nats = natsOfTests();

  /** Two routers that work together with a stream. */
  const two = async (options = nats.options()) => {
    const start = async (name: string) => {
      const router = await joinRouter(options, name);
      const shares = new Shares({
        ledger: router.ledger,
        now: () => 1_000,
        table: router.cluster.table('shares'),
      });
      await shares.start();
      return { ...router, shares };
    };
    return { options, a: await start('a'), b: await start('b') };
  };

  /** As the command of a router with these settings opens the ledgers. `name`: whose local copy it uses. */
  const opening = (options: ReturnType<typeof nats.options>, name: string) => async (path: string) =>
    natsPattern.test(path)
      ? openJetStreamLedger({ ...options, projection: `${options.projection}.${name}` })
      : openSqliteLedger(path);

  it('a stream is copied into a file when its routers have left, and from the file into a stream of several routers', async () => {
    const { options, a, b } = await two();
    await a.ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: finished(4) }]);
    await b.ledger.append([{ conversation: 'c2', expectedSeq: 0, entries: [opened(), ...lines(2, 3)] }]);
    const made = await a.shares.make('c1', 'boss');
    await until(() => expect(b.shares.of('c1')).toHaveLength(1));
    b.ledger.mark(new Map([['ann', b.ledger.position()]]));
    const file = `${options.projection}.out`;
    const copied = (at: typeof options, name: string, from: string, to: string) =>
      copyCommand([from, to], opening(at, name), () => {});
    await expect(copied(options, 'b', nats.server.url, file)).rejects.toThrow(
      /the router [ab] works with the stream .* as one of several: stop all of them first/,
    );
    await a.leave();
    await b.leave();
    expect(await copied(options, 'b', nats.server.url, file)).toMatch(/2 conversations, 7 entries/);

    const next = nats.options();
    expect(await copied(next, 'a', file, nats.server.url)).toMatch(/2 conversations, 7 entries/);
    const again = await two(next);
    for (const { ledger } of [again.a, again.b]) {
      expect(ledger.read('c1', 0, all)).toEqual(finished(4));
      expect(ledger.read('c2', 0, all)).toEqual([opened(), ...lines(2, 3)]);
      expect(ledger.marks()).toEqual(new Map([['ann', ledger.position()]]));
    }
    // Router b has no copy of its own of what was copied: router a has told it of the link.
    await until(() => expect(again.b.shares.identify(made?.token ?? '').ok).toBe(true));
    await again.b.ledger.append([{ conversation: 'c2', expectedSeq: 3, entries: lines(4, 4) }]);
    await until(() => expect(again.a.ledger.read('c2', 3, all)).toEqual(lines(4, 4)));
  });
});
