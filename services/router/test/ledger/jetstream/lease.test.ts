import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasNats } from '../../../../../tests/harness/nats-servers.ts';
import { openNatsLink } from '../../../src/ledger/jetstream/nats-link.ts';
import { openJetStreamLedger } from '../../../src/ledger/jetstream/open-jetstream.ts';
import { RouterLease } from '../../../src/ledger/jetstream/router-lease.ts';
import { shut } from '../ledger-contract.ts';
import { lines, opened } from '../ledger-entries.ts';
import { natsOfTests } from './nats-of-tests.ts';

describe.skipIf(!hasNats)('the lease of a router', { timeout: 120_000 }, () => {
  const nats = natsOfTests();

  it('the lease of a router still expires after it was renewed a hundred times', async () => {
    const { stream } = nats.options();
    const take = async (owner: string, leaseMs: number) => {
      const link = await openNatsLink({ servers: [nats.server.url] }, owner, `_INBOX_${owner}`);
      onTestFinished(() => link.close());
      return RouterLease.take({
        ...{ link, stream, replicas: 1, owner, name: owner, leaseMs, patienceMs: 60_000 },
        onWaiting: () => {},
      });
    };
    const first = await take('first', 3_000);
    for (let renewal = 0; renewal < 100; renewal++) await first.renew();
    expect(first.trouble).toBeUndefined();
    first.pause();
    const second = await take('second', 3_000);
    expect(second.trouble).toBeUndefined();
    expect(first.trouble).toBe('the lease of this router has run out');
    const lost = new Promise<string>((resolve) => first.onLost(resolve));
    await first.renew();
    expect(await lost).toBe('the router second has taken over the stream');
    expect(first.trouble).toBe('another router has taken over');
  });

  it('the lease of a stopped router is taken over, and its later writes are refused', async () => {
    const { onEvent: _event, onFailure: _failure, ...options } = nats.options({ lease: { leaseMs: 4_000 } });
    const holder = spawn(
      process.execPath,
      [fileURLToPath(new URL('holder.ts', import.meta.url)), JSON.stringify({ ...options, name: 'first' })],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    onTestFinished(() => void holder.kill('SIGKILL'));
    const said = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => (await said.next()).value as string;
    const say = () => holder.stdin.write('append\n');
    expect(await next()).toBe('ready');
    say();
    expect(await next()).toMatch(/"ok":true/);

    holder.kill('SIGSTOP');
    const ledger = await openJetStreamLedger({
      ...nats.options(),
      ...options,
      projection: `${options.projection}.second`,
      name: 'second',
      lease: { leaseMs: 60_000, patienceMs: 60_000 },
    });
    onTestFinished(() => shut(ledger));
    await ledger.append([{ conversation: 'c1', expectedSeq: 2, entries: lines(3, 3, 'the second router') }]);
    holder.kill('SIGCONT');
    say();
    const answers = [await next(), await next()];
    expect(answers.find((one) => one.startsWith('refused: '))).toMatch(
      /the lease of this router has run out|another router has taken over|the connection to NATS is lost/,
    );
    expect(answers).toContain('lost: the router second has taken over the stream');
    expect(ledger.read('c1', 0, 9)).toEqual([opened(), ...lines(2, 2), ...lines(3, 3, 'the second router')]);
  });
});
